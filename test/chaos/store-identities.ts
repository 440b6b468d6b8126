import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What tells a store on disk from one that was made anew in its place: RocksDB's own identity file, or else the inode of the folder and its
 * birth. By path below the state directory.
 */
export async function storeIdentities(stateDirectory: string): Promise<Map<string, string>> {
  const identities = new Map<string, string>()
  for (const entry of await readdir(stateDirectory, { recursive: true, withFileTypes: true })) {
    if (entry.name !== 'CURRENT') continue
    const { ino, birthtimeMs } = await stat(entry.parentPath)
    const own = await readFile(join(entry.parentPath, 'IDENTITY'), 'utf8').catch(() => '')
    identities.set(entry.parentPath.slice(stateDirectory.length + 1), `${ino} ${birthtimeMs} ${own.trim()}`)
  }
  return identities
}
