import { type Headers, headerText, type KafkaClient, textHeader } from '../index.ts'
import { countRows } from '../processors/retail/csv/row-count.ts'
import type { FileMetadata } from '../processors/retail/model.ts'
import { rawChunk } from '../processors/retail/raw-chunk.ts'
import type { IngestTopics } from './ingest-topics.ts'
import { readTopic } from './read-topic.ts'

/** What the topics say of a file from an earlier run. */
export interface KnownFile {
  readonly metadata: FileMetadata
  /** Rows of this version that are in the raw topic. A file that was announced only may have been cut off at any chunk. */
  readonly publishedRows: number
}

/** A place in the raw topic that is at or before a file's first chunk. */
export interface RawPosition {
  readonly partition: number
  readonly offset: number
}

const rawFrom = 'raw-csv-from'

/** Goes with an announcement, so that after a crash the file's chunks are found without reading the whole raw topic. */
export function rawFromHeaders({ partition, offset }: RawPosition): Headers {
  return [textHeader(rawFrom, `${partition}:${offset}`)]
}

function rawFromOf(headers: Headers): RawPosition | undefined {
  const match = /^(\d+):(\d+)$/.exec(headerText(headers, rawFrom) ?? '')
  return match === null ? undefined : { partition: Number(match[1]), offset: Number(match[2]) }
}

/** All files that were ever announced, by `bucket/object`. */
export async function readFileHistory(
  kafka: KafkaClient,
  clientId: string,
  topics: IngestTopics
): Promise<Map<string, KnownFile>> {
  const known = new Map<string, KnownFile>()
  const interrupted = new Map<string, RawPosition>()
  await readTopic(kafka, clientId, topics.files, (record) => {
    const file = record.key()
    if (file === null) return
    const metadata = record.value()
    interrupted.delete(file)
    if (metadata === null) {
      known.delete(file)
      return
    }
    known.set(file, { metadata, publishedRows: 0 })
    const from = metadata.state === 'announced' ? rawFromOf(record.headers()) : undefined
    if (from !== undefined) interrupted.set(file, from)
  })
  if (interrupted.size > 0) await countPublished(kafka, clientId, topics, known, interrupted)
  return known
}

async function countPublished(
  kafka: KafkaClient,
  clientId: string,
  topics: IngestTopics,
  known: Map<string, KnownFile>,
  interrupted: ReadonlyMap<string, RawPosition>
): Promise<void> {
  const starts = new Map<number, number>()
  for (const { partition, offset } of interrupted.values())
    starts.set(partition, Math.min(offset, starts.get(partition) ?? offset))
  await readTopic(
    kafka,
    clientId,
    topics.rawCsv,
    (record) => {
      const { file, etag, firstRow } = rawChunk(record.headers())
      const from = interrupted.get(file)
      const metadata = known.get(file)?.metadata
      if (from === undefined || metadata?.etag !== etag || record.offset < from.offset) return
      known.set(file, { metadata, publishedRows: firstRow - 1 + countRows(record.value() ?? '') })
    },
    (partition) => starts.get(partition)
  )
}
