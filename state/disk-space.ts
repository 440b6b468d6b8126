import { statfs } from 'node:fs/promises'

// <linux/magic.h>
const temporaryTypes = new Set([0x0102_1994, 0x8584_58f6])

export interface DiskSpace {
  /** What this process may still write. */
  readonly freeBytes: number
  readonly totalBytes: number
  /** Whether it is memory (tmpfs, ramfs), which a restart of the machine empties. Known on Linux only. */
  readonly temporary: boolean
}

/** The room on the file system of a directory that exists. */
export async function diskSpace(directory: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize, type } = await statfs(directory)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, temporary: temporaryTypes.has(type) }
}
