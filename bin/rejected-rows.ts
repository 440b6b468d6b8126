import { type KafkaClient, StreamsError } from '../index.ts'
import type { RejectedRow } from '../processors/retail/model.ts'
import * as topics from '../topology/retail/topics.ts'
import { readTopic } from './read-topic.ts'

/** The last record that adds a row to the rejected ones, and the last that takes it back. */
interface Told {
  readonly added?: RejectedRow
  readonly taken?: RejectedRow
}

/**
 * The rows that are rejected now: what a corrected file took back is not among them. The graph writes each of them again when it starts
 * over, with the same key, so of each key and sign the last record counts. Throws CONFIG_INVALID for more than `most`, which would not be held
 * in memory.
 */
export async function rejectedRows(
  kafka: KafkaClient,
  clientId: string,
  wanted: (row: RejectedRow) => boolean,
  most = Number.POSITIVE_INFINITY
): Promise<readonly RejectedRow[]> {
  const rows = new Map<string, Told>()
  await readTopic(kafka, clientId, topics.rejectedRows, (record) => {
    const row = record.value()
    if (row === null || !wanted(row)) return
    const key = record.key() ?? ''
    const told: Told = { ...rows.get(key), [row.rows < 0 ? 'taken' : 'added']: row }
    // told again from the start, it is added and taken back again
    if (left(told) === 0) rows.delete(key)
    else if (rows.size === most && !rows.has(key))
      throw new StreamsError('CONFIG_INVALID', `more than ${most} rows are rejected: filter them`)
    else rows.set(key, told)
  })
  return [...rows.values()].map((told) => {
    const row = (told.added ?? told.taken) as RejectedRow
    return { ...row, rows: left(told), net: (told.added?.net ?? 0) + (told.taken?.net ?? 0) }
  })
}

function left({ added, taken }: Told): number {
  return (added?.rows ?? 0) + (taken?.rows ?? 0)
}
