import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileName } from './task-directory.ts'

/** Those of these tasks that have something in the state directory. */
export function tasksOnDisk(
  stateDirectory: string,
  application: string,
  tasks: readonly string[]
): readonly string[] {
  let names: readonly string[]
  try {
    names = readdirSync(join(stateDirectory, fileName(application)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const found = new Set(names)
  return tasks.filter((id) => found.has(fileName(id)))
}
