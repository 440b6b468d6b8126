import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import type { Ownership, Refused } from '../tables/table-database.ts'
import type { Query } from './query.ts'

/** Looks before it creates: a role that may only write can start where all is in place. */
export async function makeOffsetTable(query: Query): Promise<void> {
  const found = await query<RowDataPacket[]>(
    `SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'store_sku_sink_offsets'`
  )
  if (found.length > 0) return
  await query(
    `CREATE TABLE IF NOT EXISTS store_sku_sink_offsets (
      sink varchar(255) NOT NULL,
      topic_id varchar(64) NOT NULL,
      \`partition\` int NOT NULL,
      topic varchar(255) NOT NULL,
      next bigint,
      owner bigint NOT NULL,
      refused longtext,
      written_at timestamp(3) NULL,
      PRIMARY KEY (sink, topic_id, \`partition\`)
    ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`
  )
}

export async function takeOver(
  query: Query,
  sink: string,
  topic: string,
  topicId: string,
  partition: number
): Promise<Ownership> {
  await query(
    `INSERT INTO store_sku_sink_offsets (sink, topic_id, \`partition\`, topic, owner) VALUES (?, ?, ?, ?, 1)
     ON DUPLICATE KEY UPDATE owner = owner + 1`,
    [sink, topicId, partition, topic]
  )
  const rows = await query<RowDataPacket[]>(
    `SELECT CAST(owner AS char) AS owner, CAST(next AS char) AS next, refused FROM store_sku_sink_offsets
     WHERE sink = ? AND topic_id = ? AND \`partition\` = ?`,
    [sink, topicId, partition]
  )
  const { owner, next, refused } = rows[0] as {
    owner: string
    next: string | null
    refused: string | null
  }
  return {
    partition,
    topicId,
    owner,
    next: next === null ? null : Number(next),
    refused: refused === null ? [] : (JSON.parse(refused) as Refused[])
  }
}

export async function advance(query: Query, sink: string, owned: Ownership, next: number): Promise<boolean> {
  // the driver asks for the rows found, not for those changed
  const { affectedRows } = await query<ResultSetHeader>(
    `UPDATE store_sku_sink_offsets SET next = ?, refused = NULL, written_at = NOW(3)
     WHERE sink = ? AND topic_id = ? AND \`partition\` = ? AND owner = ? AND next <=> ?`,
    [next, sink, owned.topicId, owned.partition, owned.owner, owned.next]
  )
  return affectedRows === 1
}

export async function keepRefused(
  query: Query,
  sink: string,
  owned: Ownership,
  refused: readonly Refused[]
): Promise<void> {
  await query(
    'UPDATE store_sku_sink_offsets SET refused = ? WHERE sink = ? AND topic_id = ? AND `partition` = ?',
    [JSON.stringify(refused), sink, owned.topicId, owned.partition]
  )
}
