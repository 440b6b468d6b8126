import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const kept = 3

/**
 * Moves a store's directory out of the way, to `<name>.corrupt-<n>` beside it, for people to look at. The last three stay. Returns where it
 * is now.
 */
export async function setAside(directory: string): Promise<string> {
  const parent = dirname(directory)
  const prefix = `${basename(directory)}.corrupt-`
  await mkdir(parent, { recursive: true })
  const earlier = (await readdir(parent))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b)
  const target = join(parent, `${prefix}${(earlier.at(-1) ?? 0) + 1}`)
  await rename(directory, target)
  for (const number of earlier.slice(0, Math.max(0, earlier.length + 1 - kept)))
    await rm(join(parent, `${prefix}${number}`), { recursive: true, force: true })
  return target
}
