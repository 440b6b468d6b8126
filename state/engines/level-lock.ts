import { join } from 'node:path'
import type { ClassicLevel } from 'classic-level'

/** Not "lock": some file systems would take it for LevelDB's LOCK. */
export const levelLockFolder = 'owner'

/**
 * Keeps a LevelDB database for one engine. LevelDB's own lock does not tell threads of a process apart once handles are shared
 * (`multithreading`), so the engine holds one that does: that of an empty database within the folder, whose handle is not shared. It goes with
 * the thread or the process, whatever ends them, and holds against other processes just the same.
 */
export class LevelLock {
  readonly #database: ClassicLevel

  private constructor(database: ClassicLevel) {
    this.#database = database
  }

  /** Takes it for the database in `location`. Rejects with LEVEL_LOCKED while anybody has it. */
  static async take(location: string): Promise<LevelLock> {
    const { ClassicLevel } = await import('classic-level')
    const database = new ClassicLevel(join(location, levelLockFolder))
    await database.open({ cacheSize: 0, writeBufferSize: 64 << 10 })
    return new LevelLock(database)
  }

  release(): Promise<void> {
    return this.#database.close()
  }
}
