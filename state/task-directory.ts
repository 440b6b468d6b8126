import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/*
 * <state.dir>/<application>/process-id
 * <state.dir>/<application>/<task id>/<store name>/...   the engine's files
 * <state.dir>/<application>/global/<store name>/...      of global tables
 */

/** Takes a task id's place where the process's own stores are meant: global tables. */
export const globalTask = 'global'

/** The directory of one task's stores. */
export function taskDirectory(stateDirectory: string, application: string, task: string): string {
  return join(stateDirectory, fileName(application), fileName(task))
}

export function storeDirectory(
  stateDirectory: string,
  application: string,
  task: string,
  store: string
): string {
  return join(taskDirectory(stateDirectory, application, task), fileName(store))
}

/** A name for file systems: all but letters, digits, `-`, `_` and inner dots becomes %XX, so different names stay different. */
export function fileName(name: string): string {
  const safe = name.replace(/^\.|\.$|[^A-Za-z0-9._-]/gu, (text) =>
    [...Buffer.from(text, 'utf8')]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join('')
  )
  return safe === '' ? '%' : safe
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The random id of whatever process runs the application from this state directory, made at the first start and the same ever
 * after: a restarted process is recognised as its former self.
 */
export async function processIdentity(stateDirectory: string, application: string): Promise<string> {
  const directory = join(stateDirectory, fileName(application))
  const file = join(directory, 'process-id')
  const known = await readIdentity(file)
  if (known !== undefined) return known
  await mkdir(directory, { recursive: true })
  const temporary = join(directory, `process-id.${randomUUID()}`)
  await writeFile(temporary, `${randomUUID()}\n`, { flush: true })
  try {
    // unlike a rename this fails when the file is there: of two processes that start at once, both take the first one's id
    await link(temporary, file)
  } catch (error) {
    const other = await readIdentity(file)
    if (other !== undefined) return other
    // a damaged file, or a file system without links
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error
    await rename(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
  return (await readIdentity(file)) as string
}

async function readIdentity(file: string): Promise<string | undefined> {
  try {
    const text = (await readFile(file, 'utf8')).trim()
    return uuid.test(text) ? text : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
