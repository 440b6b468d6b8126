import type pg from 'pg'
import type { Ownership, Refused } from '../tables/table-database.ts'
import type { Migration } from './migrate.ts'

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

export async function advance(
  client: pg.ClientBase,
  sink: string,
  owned: Ownership,
  next: number
): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE store_sku_sink_offsets SET next = $1, refused = NULL, written_at = now()
     WHERE sink = $2 AND topic_id = $3 AND partition = $4 AND owner = $5 AND next IS NOT DISTINCT FROM $6`,
    [next, sink, owned.topicId, owned.partition, owned.owner, owned.next]
  )
  return rowCount === 1
}

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
