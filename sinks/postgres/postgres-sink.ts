import pg from 'pg'
import { hasCode, StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { Rejection, Sink, SinkBatch, SinkRecord } from '../sink.ts'
import { isDataError, reasonOf, sinkError } from './failures.ts'
import { migrate } from './migrate.ts'
import { advance, keepRefused, type Ownership, sinkOffsetMigrations, takeOver } from './sink-offsets.ts'
import type { TableMapping } from './table-mapping.ts'
import { type RowChange, TableWriter } from './table-writer.ts'
import { inTransaction, type TransactionTimeouts } from './transaction.ts'

export interface PostgresSinkOptions<K, V> {
  /** Names the sink in its offset rows: keep it, or everything is read again. */
  readonly name: string
  /** A URL, or the driver's pool settings. */
  readonly connection: string | pg.PoolConfig
  /** Written in this order (deleted in the reverse), so a referenced table comes before the one that refers to it. */
  readonly tables: readonly TableMapping<K, V>[]
  /** Most rows a statement. Default 5,000. */
  readonly rowsPerStatement?: number
  /** Default: 10 s for a lock, 60 s for a statement, 60 s idle within a transaction. */
  readonly timeouts?: Partial<TransactionTimeouts>
}

/** A record and what it does to each table. */
interface Mapped<K, V> {
  readonly record: SinkRecord<K, V>
  readonly changes: readonly (RowChange | null)[]
}

/** Carries records into PostgreSQL. Rows and position are one transaction, so a record has its effect exactly once. */
export function postgresSink<K, V>(options: PostgresSinkOptions<K, V>): Sink<K, V> {
  return new PostgresSink(options)
}

class PostgresSink<K, V> implements Sink<K, V> {
  readonly name: string
  readonly #pool: pg.Pool
  readonly #tables: readonly TableWriter<K, V>[]
  readonly #timeouts: TransactionTimeouts
  readonly #owned = new Map<string, Ownership>()
  #prepared: Promise<unknown> | undefined

  constructor(options: PostgresSinkOptions<K, V>) {
    this.name = options.name
    this.#tables = options.tables.map((table) => new TableWriter(table, options.rowsPerStatement ?? 5000))
    if (this.#tables.length === 0)
      throw new StreamsError('CONFIG_INVALID', `sink ${options.name} writes no table`)
    this.#timeouts = { lockMs: 10_000, statementMs: 60_000, idleMs: 60_000, ...options.timeouts }
    const { connection } = options
    this.#pool = new pg.Pool({
      application_name: `store-sku ${options.name}`,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      // the server's own timeout does not reach us over a dead connection
      query_timeout: this.#timeouts.statementMs + 10_000,
      ...(typeof connection === 'string' ? { connectionString: connection } : connection)
    })
    // idle connections die with the server; the next transaction makes new ones and reports what is wrong
    this.#pool.on('error', () => {})
  }

  async open(topic: string, topicId: string, partition: number): Promise<number | undefined> {
    const owned = await this.#guarded(async () => {
      this.#prepared ??= migrate(this.#pool, sinkOffsetMigrations)
      try {
        await this.#prepared
      } catch (error) {
        this.#prepared = undefined
        throw error
      }
      return inTransaction(this.#pool, this.#timeouts, (client) =>
        takeOver(client, this.name, topic, topicId, partition)
      )
    })
    this.#owned.set(partitionName(topic, partition), owned)
    if (owned.next === null) return undefined
    // refused records of the last batch may not have reached the dead-letter topic: read them again
    return owned.refused.reduce((lowest, { offset }) => Math.min(lowest, offset), owned.next)
  }

  async write(batch: SinkBatch<K, V>): Promise<readonly Rejection<K, V>[]> {
    const partition = partitionName(batch.topic, batch.partition)
    const owned = this.#owned.get(partition)
    if (owned === undefined || owned.topicId !== batch.topicId)
      throw new StreamsError('SINK_FENCED', `sink ${this.name}: ${partition} was not opened`)
    const rejections = this.#refusedBefore(batch, owned)
    if (owned.next !== null && batch.next <= owned.next) return rejections

    const mapped = this.#map(batch.records, owned.next ?? 0, rejections)
    const refused = await this.#guarded(() =>
      inTransaction(this.#pool, this.#timeouts, async (client) => {
        await advance(client, this.name, owned, batch.next)
        await this.#apply(client, mapped, rejections)
        const kept = rejections.map(({ record, reason }) => ({ offset: record.offset, reason }))
        if (kept.length > 0) await keepRefused(client, this.name, owned, kept)
        return kept
      })
    )
    this.#owned.set(partition, { ...owned, next: batch.next, refused })
    return rejections.sort((a, b) => a.record.offset - b.record.offset)
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  /**
   * Records below the position are in the tables already; they come again only so that those refused are named again. Any other
   * way back means that the log is not the one the position was taken from.
   */
  #refusedBefore(batch: SinkBatch<K, V>, owned: Ownership): Rejection<K, V>[] {
    if (owned.next === null || batch.first >= owned.next) return []
    const lowest = owned.refused.reduce((least, { offset }) => Math.min(least, offset), owned.next)
    if (batch.first < lowest)
      throw new StreamsError(
        'OFFSET_OUT_OF_RANGE',
        `sink ${this.name} holds ${batch.topic}-${batch.partition} up to ${owned.next} and is given ${batch.first}: ` +
          'the log was cut, or the position set back without clearing its row of store_sku_sink_offsets'
      )
    const rejections: Rejection<K, V>[] = []
    for (const { offset, reason } of owned.refused) {
      const record = batch.records.find((candidate) => candidate.offset === offset)
      if (record !== undefined) rejections.push({ record, reason })
    }
    return rejections
  }

  #map(records: readonly SinkRecord<K, V>[], from: number, rejections: Rejection<K, V>[]): Mapped<K, V>[] {
    const mapped: Mapped<K, V>[] = []
    for (const record of records) {
      if (record.offset < from) continue
      try {
        mapped.push({ record, changes: this.#tables.map((table) => table.change(record)) })
      } catch (error) {
        if (hasCode(error, 'CONFIG_INVALID')) throw error
        rejections.push({ record, reason: error instanceof Error ? error.message : String(error) })
      }
    }
    return mapped
  }

  /**
   * Writes the records, or as many as the database takes: if it refuses the whole it is given the halves, in order, down to the
   * single records that it refuses.
   */
  async #apply(
    client: pg.ClientBase,
    mapped: readonly Mapped<K, V>[],
    rejections: Rejection<K, V>[]
  ): Promise<void> {
    if (mapped.length === 0) return
    await client.query('SAVEPOINT rows')
    try {
      await this.#writeTables(client, mapped)
      await client.query('RELEASE SAVEPOINT rows')
    } catch (error) {
      if (!isDataError(error)) throw error
      await client.query('ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows')
      if (mapped.length === 1) {
        rejections.push({ record: (mapped[0] as Mapped<K, V>).record, reason: reasonOf(error) })
        return
      }
      const half = mapped.length >> 1
      await this.#apply(client, mapped.slice(0, half), rejections)
      await this.#apply(client, mapped.slice(half), rejections)
    }
  }

  async #writeTables(client: pg.ClientBase, mapped: readonly Mapped<K, V>[]): Promise<void> {
    const changes = this.#tables.map((table, at) =>
      table.merge(mapped.map((one) => one.changes[at] as RowChange | null))
    )
    for (let at = this.#tables.length - 1; at >= 0; at--)
      await this.#tables[at]?.remove(client, changes[at] as RowChange[])
    for (const [at, table] of this.#tables.entries()) await table.upsert(client, changes[at] as RowChange[])
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw sinkError(this.name, error)
    }
  }
}
