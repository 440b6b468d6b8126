import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { withLock } from './lock.ts'

// a first download over a slow line takes its time, and others wait for it
const lockTimeoutMs = 20 * 60_000

/** Shared by all checkouts: what is downloaded and compiled depends on versions only. */
function cacheDirectory(): string {
  const own = process.env['STORE_SKU_CACHE']
  if (own) return resolve(own)
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'store-sku')
}

export interface CacheEntry {
  readonly name: string
  readonly report: (message: string) => void
  /** Fills the folder; it gets its final name only when this has succeeded */
  readonly build: (folder: string) => Promise<void>
}

/** The entry's folder, built first when it is not there. Builds must not ask for entries themselves. */
export async function cached(entry: CacheEntry): Promise<string> {
  const folder = join(cacheDirectory(), entry.name)
  if (await exists(folder)) return folder
  await mkdir(cacheDirectory(), { recursive: true })
  await withCacheLock(entry.name, entry.report, async () => {
    if (await exists(folder)) return
    const partial = `${folder}.partial`
    // under the lock, a partial folder can only be the rest of an interrupted build
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial)
    try {
      await entry.build(partial)
      await rename(partial, folder)
    } finally {
      await rm(partial, { recursive: true, force: true })
    }
  })
  return folder
}

export function withCacheLock<T>(
  name: string,
  report: (message: string) => void,
  action: () => Promise<T>
): Promise<T> {
  const onWait = (pid: number): void => {
    // waiting for ourselves, one service for the other, is nothing that a user could act upon
    if (pid !== process.pid) report(`waiting for process ${pid}, which prepares ${name}`)
  }
  return withLock(join(cacheDirectory(), `${name}.lock`), { timeoutMs: lockTimeoutMs, onWait }, action)
}

/** A short name for the content of files, for entries that depend on it. */
export async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(file))
  return hash.digest('hex').slice(0, 10)
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false
  )
}
