import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../core/errors.ts'
import type { Engine } from './engine.ts'
import { openEngine } from './engines/open-engine.ts'
import { fileName } from './task-directory.ts'

const removedMark = '.obsolete'

/**
 * Removes the directories of tasks that this process does not own (`owned`: their ids) and nobody has written to for `olderThanMs`. One whose
 * stores are open elsewhere stays. `owned` holds the tasks of all threads of the process. Returns the names of what was removed.
 */
export async function removeObsoleteTaskDirectories(
  stateDirectory: string,
  application: string,
  owned: ReadonlySet<string>,
  olderThanMs: number,
  now: number
): Promise<string[]> {
  const parent = join(stateDirectory, fileName(application))
  const kept = new Set([...owned].map(fileName))
  const removed: string[] = []
  for (const name of await directoriesIn(parent)) {
    if (kept.has(name)) continue
    const directory = join(parent, name)
    if (name.endsWith(removedMark)) {
      // the rest of a removal that was cut short
      await rm(directory, { recursive: true, force: true })
    } else if (now - (await lastWrite(directory)) >= olderThanMs && (await remove(directory)))
      removed.push(name)
  }
  return removed
}

async function directoriesIn(parent: string): Promise<string[]> {
  try {
    const entries = await readdir(parent, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function lastWrite(directory: string): Promise<number> {
  let last = (await stat(directory)).mtimeMs
  for (const store of await directoriesIn(directory)) {
    const files = await readdir(join(directory, store))
    for (const file of ['.', ...files]) {
      const found = await stat(join(directory, store, file)).catch(() => undefined)
      if (found !== undefined) last = Math.max(last, found.mtimeMs)
    }
  }
  return last
}

/** Takes the locks of all stores, so that nobody can be at work in the directory, and moves it away before letting go of them. */
async function remove(directory: string): Promise<boolean> {
  const engines: Engine[] = []
  const moved = `${directory}${removedMark}`
  try {
    for (const store of await directoriesIn(directory)) {
      const engine = await lock(join(directory, store))
      if (engine === 'locked') return false
      if (engine !== undefined) engines.push(engine)
    }
    await rename(directory, moved)
  } finally {
    // they have lost their files: what goes wrong now does not matter
    await Promise.all(engines.map((engine) => engine.close().catch(() => undefined)))
  }
  await rm(moved, { recursive: true, force: true })
  return true
}

/** Undefined for what does not open, and so is not open. */
async function lock(store: string): Promise<Engine | 'locked' | undefined> {
  const files = await readdir(store)
  if (!files.includes('LOCK')) return undefined
  try {
    return await openEngine(files.includes('IDENTITY') ? 'rocksdb' : 'level', store)
  } catch (error) {
    if (hasCode(error, 'STORE_CORRUPT')) return undefined
    return 'locked'
  }
}
