import { StreamsError } from '../../core/errors.ts'
import { decodeUntrusted } from '../../core/serde.ts'
import type { DropReason } from '../../processors/operator.ts'
import type { SourceNode } from '../../topology/graph-node.ts'
import type { TimestampOf } from './partition-queue.ts'

/**
 * A source's own idea of event time. It sees the whole record, which is decoded once more for it. A record that is not what its topic declares
 * keeps its own timestamp: it is found, and handled, when its turn comes. Throws PROCESSOR_FAILED when the extractor does.
 */
export function eventTimeOf(
  node: SourceNode,
  onDropped: (reason: DropReason) => void
): TimestampOf | undefined {
  const { timestampExtractor, topic } = node
  if (timestampExtractor === undefined) return undefined
  return (cursor, partitionTime) => {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp, offset } = cursor
    let key: unknown
    let value: unknown
    try {
      key = keyStart < 0 ? null : topic.key.decode(buffer, keyStart, keyEnd)
      value = valueStart < 0 ? null : topic.value.decode(buffer, valueStart, valueEnd)
    } catch {
      return Math.max(0, timestamp)
    }
    let time: number
    try {
      time = timestampExtractor({ key, value, timestamp, headers: cursor.headers() }, partitionTime)
    } catch (error) {
      // to check each record would cost more than all the rest: only whose fault it was must be known
      if (valueStart >= 0 && refuses(() => decodeUntrusted(topic.value, buffer, valueStart, valueEnd)))
        return Math.max(0, timestamp)
      const message = error instanceof Error ? error.message : String(error)
      throw new StreamsError(
        'PROCESSOR_FAILED',
        `the timestamp extractor of "${topic.name}" threw at offset ${offset}: ${message}`,
        error
      )
    }
    if (time < 0) onDropped('negative-timestamp')
    return time
  }
}

function refuses(read: () => unknown): boolean {
  try {
    read()
    return false
  } catch {
    return true
  }
}
