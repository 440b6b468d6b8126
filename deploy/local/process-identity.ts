import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { hasCode } from './errors.ts'

/** A process that can be recognised later: a pid alone may have been given to another program since. */
export interface ProcessIdentity {
  readonly pid: number
  /** When the process began, in a form that no other process with this pid ever has */
  readonly began: string
}

const run = promisify(execFile)

/** Undefined when there is no such process, or only its remains (a zombie). */
async function beginningOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    try {
      const [stat, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile('/proc/sys/kernel/random/boot_id', 'utf8')
      ])
      // the command's name, in parentheses, may hold spaces and parentheses itself
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (fields[0] === 'Z' || fields[0] === 'X') return undefined
      // ticks count from boot, so the boot has to be part of it
      return `${boot.trim()}/${fields[19]}`
    } catch (error) {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return undefined
      throw error
    }
  }
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
    const [state, ...began] = stdout.trim().split(/\s+/)
    return state === undefined || state.startsWith('Z') ? undefined : began.join(' ')
  } catch {
    return undefined
  }
}

export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const began = await beginningOf(pid)
  return began === undefined ? undefined : { pid, began }
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await beginningOf(identity.pid)) === identity.began
}
