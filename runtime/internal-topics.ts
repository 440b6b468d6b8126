import { StreamsError } from '../core/errors.ts'
import type { NewTopic, TopicDescription } from '../kafka/port/admin.ts'
import type { StoreDefinition } from '../state/store-definition.ts'

/** A topic that the application makes for itself, and what it needs of one that is there already. */
export interface InternalTopic extends NewTopic {
  /** Records must stay for as long, ms, whatever their keys are. */
  readonly keptMs: number
  /** Older records of a key must stay for as long, ms. */
  readonly historyMs: number
}

/** Added to what a store keeps, as in Kafka Streams (`windowstore.changelog.additional.retention.ms`). */
const additionalMs = 86_400_000

/*
 * Event time may be older than any retention, so nothing is deleted by age, and timestamps are the records' own.
 */
const settings = {
  'retention.ms': '-1',
  'message.timestamp.type': 'CreateTime',
  'segment.bytes': '52428800'
}

export function changelogTopic(name: string, partitions: number, store: StoreDefinition): InternalTopic {
  const windowed = store.kind === 'window' || store.kind === 'session'
  const historyMs = store.kind === 'versioned' ? store.historyRetentionMs : 0
  const lag = historyMs === 0 ? {} : { 'min.compaction.lag.ms': String(historyMs + additionalMs) }
  return {
    name,
    partitions,
    configs: { 'cleanup.policy': windowed ? 'compact,delete' : 'compact', ...settings, ...lag },
    keptMs: windowed ? store.retentionMs : Number.POSITIVE_INFINITY,
    historyMs
  }
}

export function repartitionTopic(name: string, partitions: number): InternalTopic {
  const configs = { 'cleanup.policy': 'delete', ...settings }
  return { name, partitions, configs, keptMs: Number.POSITIVE_INFINITY, historyMs: 0 }
}

/**
 * Throws TOPIC_MISMATCH for internal topics that would lose records, or their timestamps; those of a Java application fit.
 *
 * @param described topics that exist
 * @param configs settings in force, those that are known
 */
export function checkInternalTopics(
  topics: readonly InternalTopic[],
  described: ReadonlyMap<string, TopicDescription>,
  configs: ReadonlyMap<string, Readonly<Record<string, string>>>
): void {
  const misfits = topics.flatMap((topic) => {
    const misfit =
      partitionMisfit(topic, described.get(topic.name)) ??
      settingsMisfit(topic, configs.get(topic.name) ?? {})
    return misfit === undefined ? [] : [`internal topic "${topic.name}" ${misfit}`]
  })
  if (misfits.length > 0) throw new StreamsError('TOPIC_MISMATCH', misfits.join('; '))
}

function partitionMisfit(
  { partitions }: InternalTopic,
  found: TopicDescription | undefined
): string | undefined {
  if (found === undefined) return 'does not exist, though it was made a moment ago'
  if (found.partitions === partitions) return undefined
  return `has ${found.partitions} partitions but the graph needs ${partitions}; delete it and its application's state, or restore the former partition counts`
}

function settingsMisfit(topic: InternalTopic, found: Readonly<Record<string, string>>): string | undefined {
  const { configs, keptMs, historyMs } = topic
  const policy = (found['cleanup.policy'] ?? configs['cleanup.policy'] ?? '')
    .split(',')
    .map((one) => one.trim())
  if (policy.includes('compact') && configs['cleanup.policy'] === 'delete')
    return 'is compacted: records of equal keys would be lost; set its cleanup.policy to delete'
  const retentionMs = atLeast(found['retention.ms'])
  if (policy.includes('delete') && retentionMs < keptMs)
    return Number.isFinite(keptMs)
      ? `deletes records after ${retentionMs} ms, but its store keeps them for ${keptMs} ms; raise its retention.ms`
      : `deletes records after ${retentionMs} ms; set its retention.ms to -1`
  if (policy.includes('delete') && Number.isFinite(atLeast(found['retention.bytes'])))
    return `deletes records beyond ${found['retention.bytes']} bytes; set its retention.bytes to -1`
  const lagMs = Number(found['min.compaction.lag.ms'] ?? historyMs)
  if (policy.includes('compact') && lagMs < historyMs)
    return `compacts records after ${lagMs} ms, but its store has a history of ${historyMs} ms; raise its min.compaction.lag.ms`
  if (found['message.timestamp.type'] === 'LogAppendTime')
    return 'has LogAppendTime, which overwrites event time; set its message.timestamp.type to CreateTime'
  return undefined
}

/** -1 is for ever, as is a setting that is not known. */
function atLeast(setting: string | undefined): number {
  const limit = Number(setting ?? -1)
  return limit < 0 ? Number.POSITIVE_INFINITY : limit
}
