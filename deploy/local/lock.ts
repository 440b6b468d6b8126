import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { hasCode, LocalServiceError } from './errors.ts'
import { identify, isRunning } from './process-identity.ts'

const holderSchema = z.object({ pid: z.number(), began: z.string(), token: z.string() })

type Holder = z.infer<typeof holderSchema>

export interface LockOptions {
  readonly timeoutMs: number
  /** Called once, when somebody else holds the lock */
  readonly onWait?: (pid: number) => void
}

/**
 * Runs the action while no other process, and no other caller in this one, holds the lock file.
 * The lock of a process that has ended counts as given back.
 */
export async function withLock<T>(file: string, options: LockOptions, action: () => Promise<T>): Promise<T> {
  const token = randomUUID()
  const own = await identify(process.pid)
  if (own === undefined) throw new Error('this process cannot be identified')
  await acquire(file, { ...own, token }, options)
  try {
    return await action()
  } finally {
    if ((await readHolder(file))?.token === token) await rm(file, { force: true })
  }
}

async function acquire(file: string, self: Holder, options: LockOptions): Promise<void> {
  const draft = `${file}.${self.token}`
  await writeFile(draft, JSON.stringify(self))
  try {
    const deadline = Date.now() + options.timeoutMs
    let told = false
    // a link, unlike a new file, appears with its content: nobody ever reads half a holder
    while (!(await linked(draft, file))) {
      const holder = await readHolder(file)
      if (holder === undefined) continue
      if (!(await isRunning(holder))) {
        await removeStale(file, holder, options)
        continue
      }
      if (!told) options.onWait?.(holder.pid)
      told = true
      if (Date.now() > deadline) {
        throw new LocalServiceError(
          `process ${holder.pid} has held ${file} for too long; end it, or wait for it, and try again`
        )
      }
      await sleep(100)
    }
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Several waiters may find the same stale lock, and the slower one must not remove the faster one's new lock instead:
 * stale locks are removed by one at a time, who looks again first.
 */
function removeStale(file: string, stale: Holder, options: LockOptions): Promise<void> {
  return withLock(`${file}.takeover`, { timeoutMs: options.timeoutMs }, async () => {
    if ((await readHolder(file))?.token === stale.token) await rm(file, { force: true })
  })
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw new LocalServiceError(`${file} is not a lock of ours; remove it if nothing is being started`, {
      cause: error
    })
  }
}
