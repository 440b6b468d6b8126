import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode, LocalServiceError } from './errors.ts'
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts'

export interface DetachedCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly workingDirectory: string
  /** Output of all launches, appended */
  readonly logFile: string
  readonly environment?: Readonly<Record<string, string>>
  /** The user to run as, when that is not the current one */
  readonly user?: { readonly uid: number; readonly gid: number }
}

const gracefulMs = 30_000

/** Starts a program in a session of its own, so that it outlives this process and its terminal. */
export async function launchDetached(plan: DetachedCommand): Promise<ProcessIdentity> {
  const log = await open(plan.logFile, 'a')
  try {
    // options for this process's Node are not meant for a child that may be Node too
    const { NODE_OPTIONS: _ignored, ...environment } = process.env
    const child = spawn(plan.command, plan.args, {
      cwd: plan.workingDirectory,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...environment, ...plan.environment },
      ...plan.user
    })
    try {
      await once(child, 'spawn')
    } catch (error) {
      if (hasCode(error, 'ENOENT')) throw new LocalServiceError(`the program ${plan.command} was not found`)
      throw error
    }
    child.unref()
    const identity = child.pid === undefined ? undefined : await identify(child.pid)
    if (identity === undefined) throw endedError(plan.command, await lastLines(plan.logFile), plan.logFile)
    return identity
  } finally {
    await log.close()
  }
}

/** Asks the process to end, and forces it when it does not; a pid that is no longer ours is left alone. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals = 'SIGTERM'
): Promise<'ended' | 'killed' | 'not running'> {
  if (!(await isRunning(identity))) return 'not running'
  kill(identity.pid, signal)
  if (await endsWithin(identity, gracefulMs)) return 'ended'
  kill(identity.pid, 'SIGKILL')
  if (await endsWithin(identity, 5_000)) return 'killed'
  throw new LocalServiceError(`process ${identity.pid} does not end, not even when killed`)
}

/** Sends a signal, unless the pid is no longer ours. */
export async function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  if (await isRunning(identity)) kill(identity.pid, signal)
}

export interface Waiting {
  readonly title: string
  readonly process?: ProcessIdentity
  readonly logFile: string
  readonly timeoutMs: number
  /** Rejects as long as the service does not answer */
  readonly probe: () => Promise<void>
}

export async function waitUntilAnswering(waiting: Waiting): Promise<void> {
  const deadline = Date.now() + waiting.timeoutMs
  for (let pause = 25; ; pause = Math.min(pause * 1.5, 250)) {
    try {
      return await waiting.probe()
    } catch (error) {
      if (waiting.process !== undefined && !(await isRunning(waiting.process))) {
        throw endedError(waiting.title, await lastLines(waiting.logFile), waiting.logFile)
      }
      if (Date.now() > deadline) {
        const seconds = Math.round(waiting.timeoutMs / 1000)
        throw new LocalServiceError(
          `${waiting.title} did not answer within ${seconds} s; its log is ${waiting.logFile}`,
          { cause: error }
        )
      }
    }
    await sleep(pause)
  }
}

function endedError(title: string, log: string, logFile: string): LocalServiceError {
  return new LocalServiceError(`${title} ended while starting; the end of ${logFile}:\n${log}`)
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-20).join('\n')
}

async function endsWithin(identity: ProcessIdentity, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds
  while (Date.now() < deadline) {
    if (!(await isRunning(identity))) return true
    await sleep(25)
  }
  return false
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error
  }
}
