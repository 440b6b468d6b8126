import type pg from 'pg'
import { StreamsError } from '../../core/errors.ts'
import type { Migration } from './migrate.ts'

/** A record that was refused, as the offset row remembers it. */
export interface Refused {
  readonly offset: number
  readonly reason: string
}

/** A partition that this process owns, as far as it knows. */
export interface Ownership {
  readonly partition: number
  readonly topicId: string
  /** Counts the takeovers; a later owner has a higher one. */
  readonly owner: string
  /** The position in the database; null before the first write. */
  readonly next: number | null
  /** Refused records of the last batch. */
  readonly refused: readonly Refused[]
}

/*
 * One row for each partition of each sink.
 *   next     the position after what is in the tables; null until something is
 *   owner    raised by each takeover; a write names the one it knows
 *   refused  the refused records of the last batch, until the next batch is written: by then they are in the dead-letter topic.
 *            A process that dies in between reads them again from here, or they would be in neither place.
 */
export const sinkOffsetMigrations: readonly Migration[] = [
  {
    id: 'store-sku/0001-sink-offsets',
    sql: `CREATE TABLE store_sku_sink_offsets (
      sink text NOT NULL,
      topic_id text NOT NULL,
      partition int NOT NULL,
      topic text NOT NULL,
      next bigint,
      owner bigint NOT NULL,
      refused jsonb,
      written_at timestamptz,
      PRIMARY KEY (sink, topic_id, partition)
    )`
  }
]

interface OffsetRow {
  readonly owner: string
  readonly next: string | null
  readonly refused: readonly Refused[] | null
}

/** Takes the partition over: from here on a write of its former owner finds no row and fails. */
export async function takeOver(
  client: pg.ClientBase,
  sink: string,
  topic: string,
  topicId: string,
  partition: number
): Promise<Ownership> {
  const { rows } = await client.query<OffsetRow>(
    `INSERT INTO store_sku_sink_offsets AS o (sink, topic_id, partition, topic, owner) VALUES ($1, $2, $3, $4, 1)
     ON CONFLICT (sink, topic_id, partition) DO UPDATE SET owner = o.owner + 1
     RETURNING owner::text, next::text, refused`,
    [sink, topicId, partition, topic]
  )
  const row = rows[0] as OffsetRow
  return {
    partition,
    topicId,
    owner: row.owner,
    next: row.next === null ? null : Number(row.next),
    refused: row.refused ?? []
  }
}

/** Moves the position, and with it proves the ownership. First statement of each write. Throws SINK_FENCED. */
export async function advance(
  client: pg.ClientBase,
  sink: string,
  owned: Ownership,
  next: number
): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE store_sku_sink_offsets SET next = $1, refused = NULL, written_at = now()
     WHERE sink = $2 AND topic_id = $3 AND partition = $4 AND owner = $5 AND next IS NOT DISTINCT FROM $6`,
    [next, sink, owned.topicId, owned.partition, owned.owner, owned.next]
  )
  if (rowCount !== 1)
    throw new StreamsError(
      'SINK_FENCED',
      `sink ${sink}: partition ${owned.partition} of topic ${owned.topicId} has another owner or position`
    )
}

/** Remembers what this batch refused. Last statement of a write that refused something. */
export async function keepRefused(
  client: pg.ClientBase,
  sink: string,
  owned: Ownership,
  refused: readonly Refused[]
): Promise<void> {
  await client.query(
    `UPDATE store_sku_sink_offsets SET refused = $1 WHERE sink = $2 AND topic_id = $3 AND partition = $4`,
    [JSON.stringify(refused), sink, owned.topicId, owned.partition]
  )
}
