import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '../../index.ts'
import { Ingest, type IngestOptions } from '../../ingest/ingest.ts'
import type { ObjectStore } from '../../ingest/object-store.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import type { FileEvent } from '../../processors/retail/file-event.ts'
import type { FileMetadata } from '../../processors/retail/model.ts'
import * as topics from '../../topology/retail/topics.ts'
import { MemoryObjectStore } from './memory-store.ts'

const us = { bucket: 'sku-us', country: 'US', currency: 'USD', timeZone: 'America/New_York' }

/** An event that tells no more than it must. */
export function created(object: string, bucket = 'sku-us'): FileEvent {
  const unknown = { etag: null, versionId: null, sizeBytes: null, sequencer: null }
  return { ...unknown, bucket, object, kind: 'created', timeMs: 1 }
}

/** An ingest of the buckets `sku-us` and `sku-ca`, with broker and object store in memory. */
export class MemoryIngest {
  readonly broker = new MemoryBroker()
  readonly kafka = new MemoryClient(this.broker)
  readonly store = new MemoryObjectStore()
  readonly warnings: string[] = []
  readonly #stateDirectory = mkdtempSync(join(tmpdir(), 'store-sku-ingest-'))
  readonly #options: Partial<IngestOptions>
  ingest: Ingest

  constructor(options: Partial<IngestOptions> = {}) {
    this.#options = options
    for (const { name } of Object.values(topics)) this.broker.createTopicSync(name, 1)
    this.ingest = this.#make()
  }

  #make(): Ingest {
    const logger: Logger = {
      info: () => {},
      warn: (message) => this.warnings.push(message),
      error: () => {}
    }
    return new Ingest({
      kafka: this.kafka,
      objectStore: this.store as unknown as ObjectStore,
      buckets: [us, { ...us, bucket: 'sku-ca', country: 'CA', currency: 'CAD' }],
      topics,
      stateDirectory: this.#stateDirectory,
      commitIntervalMs: 50,
      logger,
      ...this.#options
    })
  }

  /** Ends the ingest that runs and starts another one. */
  async restart(): Promise<void> {
    await this.ingest.close({ leaveGroup: true })
    this.ingest = this.#make()
    await this.ingest.start()
  }

  async close(): Promise<void> {
    await this.ingest.close({ leaveGroup: true }).catch(() => undefined)
    rmSync(this.#stateDirectory, { recursive: true, force: true })
  }

  values<T>(topic: string): T[] {
    return this.broker.readAll(topic).map(({ value }) => JSON.parse(String(value)) as T)
  }

  /** Files of which rows are in the raw topic. */
  read(): string[] {
    const files = this.broker
      .readAll(topics.rawCsv.name)
      .map(({ headers }) => String(headers.find(({ key }) => key === 'file')?.value))
    return [...new Set(files)].sort()
  }

  lastState(object: string): FileMetadata | undefined {
    return this.values<FileMetadata>(topics.files.name)
      .filter((file) => file.object === object)
      .at(-1)
  }
}
