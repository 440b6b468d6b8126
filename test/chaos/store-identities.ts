import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import type { EngineKind } from '../../state/engine.ts'
import { levelLockFolder } from '../../state/engines/level-lock.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { decodeMetadata, metadataKey } from '../../state/metadata.ts'

export interface StoreIdentity {
  /** Of the folder: another one stands for a store that was made anew in its place. */
  readonly folder: string
  /** Of the content, kept in its metadata: another one stands for a store that was emptied. Undefined before its first commit. */
  readonly content: string | undefined
}

/** What tells stores on disk from ones that were made anew or emptied, by path below the state directory; not those set aside. */
export async function storeIdentities(
  stateDirectory: string,
  engine: EngineKind
): Promise<Map<string, StoreIdentity>> {
  const identities = new Map<string, StoreIdentity>()
  for (const entry of await readdir(stateDirectory, { recursive: true, withFileTypes: true })) {
    if (entry.name !== 'CURRENT' || /\.corrupt-\d+$/.test(entry.parentPath)) continue
    if (basename(entry.parentPath) === levelLockFolder) continue
    const { ino, birthtimeMs } = await stat(entry.parentPath)
    identities.set(relative(stateDirectory, entry.parentPath), {
      folder: `${ino} ${birthtimeMs}`,
      content: await contentIdentity(entry.parentPath, engine)
    })
  }
  return identities
}

/** Reads a copy: opening the store itself would do some of the recovery that its next owner is watched for. */
async function contentIdentity(directory: string, kind: EngineKind): Promise<string | undefined> {
  const copy = await mkdtemp(join(tmpdir(), 'store-sku-identity-'))
  try {
    await cp(directory, copy, { recursive: true })
    const engine = await openEngine(kind, copy)
    try {
      const stored = engine.getSync(metadataKey)
      return stored === undefined ? undefined : decodeMetadata(basename(directory), kind, stored).identity
    } finally {
      await engine.close()
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}
