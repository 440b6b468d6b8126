import { type KafkaClient, StreamsError } from '../../index.ts'
import { EventWriter } from '../../ingest/events/event-writer.ts'
import * as topics from '../../topology/retail/topics.ts'

const clientId = 'store-sku-announce'

/**
 * Has the ingest look at the files again: one whose content is another by now takes its former rows back and adds its own; one that is still the
 * same changes nothing. `files` are `bucket/object`. So it can be stopped and run again at will. Throws PRODUCE_FAILED.
 */
export async function announceFiles(kafka: KafkaClient, files: readonly string[]): Promise<void> {
  const writer = await EventWriter.open(kafka, clientId, topics)
  try {
    await writer.announce(
      files.map((file) => {
        const at = file.indexOf('/')
        if (at < 1) throw new StreamsError('DESERIALIZATION', `"${file}" is no bucket/object`)
        return {
          bucket: file.slice(0, at),
          object: file.slice(at + 1),
          kind: 'created',
          etag: null,
          versionId: null,
          sizeBytes: null,
          sequencer: null,
          timeMs: Date.now()
        }
      })
    )
  } finally {
    await writer.close()
  }
}
