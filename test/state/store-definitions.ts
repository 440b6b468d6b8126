import { string } from '../../core/serdes/string.ts'
import type { Engine, EngineKind } from '../../state/engine.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  VersionedStoreDefinition,
  WindowStoreDefinition
} from '../../state/store-definition.ts'
import type { StoreOptions } from '../../state/stores/store-options.ts'
import type { ChangelogRecord } from './changelog.ts'
import { withDirectory } from './directories.ts'

export const table: KeyValueStoreDefinition<string, string> = {
  kind: 'key-value',
  name: 'names',
  key: string(),
  value: string(),
  logged: true,
  cached: true
}

export const windows: WindowStoreDefinition<string, string> = {
  ...table,
  kind: 'window',
  name: 'visits',
  windowSizeMs: 10_000,
  retentionMs: 240_000
}

export const sessions: SessionStoreDefinition<string, string> = {
  ...table,
  kind: 'session',
  name: 'calls',
  retentionMs: 240_000
}

export const versions: VersionedStoreDefinition<string, string> = {
  ...table,
  kind: 'versioned',
  name: 'prices',
  historyRetentionMs: 240_000
}

export const quiet: StoreOptions = { log: undefined }
export const at = (offset: number, topicId = 'topic-a') => ({ offset, topicId })
export const record = (key: Buffer | string, value: string | null, timestamp: number): ChangelogRecord => ({
  key: Buffer.from(key as string),
  value: value === null ? null : Buffer.from(value),
  timestamp
})

export function windowKey(key: string, start: number): Buffer {
  const tail = Buffer.alloc(12)
  tail.writeBigInt64BE(BigInt(start))
  return Buffer.concat([Buffer.from(key), tail])
}

export async function withEngine(
  kind: EngineKind,
  use: (engine: Engine) => void | Promise<void>
): Promise<void> {
  await withDirectory(async (directory) => {
    const engine = await openEngine(kind, directory)
    await use(engine)
    await engine.close()
  })
}
