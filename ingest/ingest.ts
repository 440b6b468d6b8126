import { type KafkaClient, partitionName, StreamsError } from '../index.ts'
import { readFileHistory } from './file-history.ts'
import type { CountryBucket } from './file-location.ts'
import { FileReader } from './file-reader.ts'
import { type IngestProgress, type IngestResult, ProgressCounter } from './ingest-progress.ts'
import { createIngestTopics, type IngestTopics } from './ingest-topics.ts'
import { isFinished, type ListedFile, listFiles } from './listing.ts'
import type { ObjectStore } from './object-store.ts'
import { publishReferences } from './publish-references.ts'
import { TopicWriter } from './topic-writer.ts'

export interface IngestOptions {
  readonly objectStore: ObjectStore
  readonly buckets: readonly CountryBucket[]
  readonly kafka: KafkaClient
  readonly topics: IngestTopics
  /** Default `ingest`. */
  readonly clientId?: string
}

export interface RunOptions {
  /** When aborted, the run ends after the file under way: no file is left half read. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: IngestProgress) => void
}

// Files are announced and finished in groups, because each of the two waits for the broker.
const groupFiles = 16
const groupBytes = 16 * 1024 * 1024

/**
 * Brings the files of the buckets into Kafka: reference data first, then each file as announced -> rows -> done or rejected. Run it
 * again for files that came since; what is done is skipped as long as its etag stays. One process at a time.
 *
 * A file's rows are in the raw topic once, also when a run was killed: an announcement is acknowledged before the first of its
 * rows is sent, `done` is sent after the last row is acknowledged, and the next run goes on where the raw topic ends.
 */
export class Ingest {
  readonly #options: IngestOptions
  readonly #clientId: string

  constructor(options: IngestOptions) {
    this.#options = options
    this.#clientId = options.clientId ?? 'ingest'
  }

  /** Reads all files that are there now. Throws OBJECT_STORE_UNAVAILABLE and what Kafka throws; run again to go on. */
  async run({ signal, onProgress = () => {} }: RunOptions = {}): Promise<IngestResult> {
    const { objectStore, buckets, kafka, topics } = this.#options
    const rawEnds = await this.#prepareTopics()
    const history = await readFileHistory(kafka, this.#clientId, topics)
    const producer = await kafka.producer({ clientId: this.#clientId })
    try {
      const files = await TopicWriter.open(producer, topics.files)
      const rawCsv = await TopicWriter.open(producer, topics.rawCsv)
      await publishReferences({ objectStore, buckets, producer, topics, files, history })

      const progress = new ProgressCounter(onProgress)
      const listed = await listFiles(objectStore, buckets)
      const total = listed.reduce((sum, { object }) => sum + object.sizeBytes, 0)
      progress.add({ filesTotal: listed.length, bytesTotal: total })
      const reader = new FileReader({
        objectStore,
        producer,
        files,
        rawCsv,
        history,
        progress,
        rawEnd: (partition) =>
          producer.acknowledged(topics.rawCsv.name, partition) ??
          rawEnds.get(partitionName(topics.rawCsv.name, partition)) ??
          0
      })

      const unread: ListedFile[] = []
      for (const one of listed) {
        const known = history.get(one.file)
        if (isFinished(known, one.object.etag))
          progress.add({ files: 1, bytes: one.object.sizeBytes, rows: known?.metadata.rows ?? 0 })
        else unread.push(one)
      }
      const stopped = () => signal?.aborted === true
      let finished = 0
      for (const group of groups(unread)) {
        if (stopped()) break
        finished += await reader.read(group, stopped)
      }
      await producer.flush()
      return {
        ...reader.counts,
        skipped: listed.length - unread.length,
        stopped: finished < unread.length
      }
    } finally {
      await producer.close()
    }
  }

  /** Where the raw topic's partitions end before anything is sent, by `partitionName`. */
  async #prepareTopics(): Promise<ReadonlyMap<string, number>> {
    const { kafka, topics } = this.#options
    const admin = kafka.admin(this.#clientId)
    try {
      await createIngestTopics(admin, topics)
      const { name } = topics.rawCsv
      const description = (await admin.describeTopics([name])).get(name)
      if (description === undefined)
        throw new StreamsError('TOPIC_MISSING', `the topic ${name} does not exist`)
      const partitions = Array.from({ length: description.partitions }, (_, partition) => partition)
      return await admin.listOffsets(
        partitions.map((partition) => ({ topic: name, partition })),
        'latest'
      )
    } finally {
      await admin.close()
    }
  }
}

function* groups(files: readonly ListedFile[]): Generator<ListedFile[]> {
  let group: ListedFile[] = []
  let bytes = 0
  for (const file of files) {
    if (group.length === groupFiles || (group.length > 0 && bytes + file.object.sizeBytes > groupBytes)) {
      yield group
      group = []
      bytes = 0
    }
    group.push(file)
    bytes += file.object.sizeBytes
  }
  if (group.length > 0) yield group
}
