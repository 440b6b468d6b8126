import { hasCode, StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { Rejection, Sink, SinkBatch, SinkRecord } from '../sink.ts'
import { lastOfEachRow, type RowChange, RowChanges } from './row-changes.ts'
import type { Ownership, Refused, TableDatabase, TableTransaction } from './table-database.ts'
import type { TableMapping, TablePartition } from './table-mapping.ts'

/** A record and what it does to each table. */
interface Mapped<K, V> {
  readonly record: SinkRecord<K, V>
  readonly changes: readonly (RowChange | null)[]
}

/** Rows found no place in a partition that was there before. */
class PartitionGone extends Error {}

/** Carries records into tables. Rows and position are one transaction, so a record has its effect exactly once. */
export class TableSink<K, V> implements Sink<K, V> {
  readonly name: string
  readonly #database: TableDatabase
  readonly #tables: readonly RowChanges<K, V>[]
  /** How the partitions of each table are made, and those that are known to exist. */
  readonly #partitions: readonly (readonly [TablePartition, Set<string>] | undefined)[]
  readonly #owned = new Map<string, Ownership>()
  #prepared: Promise<void> | undefined

  /** The tables are checked, and the database was given the same. */
  constructor(name: string, tables: readonly TableMapping<K, V>[], database: TableDatabase) {
    this.name = name
    this.#database = database
    this.#tables = tables.map((table) => new RowChanges(table, (type) => database.encoder(type)))
    this.#partitions = tables.map(({ partition }) => partition && ([partition, new Set<string>()] as const))
  }

  async open(topic: string, topicId: string, partition: number): Promise<number | undefined> {
    const owned = await this.#guarded(async () => {
      this.#prepared ??= this.#database.prepare()
      try {
        await this.#prepared
      } catch (error) {
        this.#prepared = undefined
        throw error
      }
      return this.#database.transaction((transaction) => transaction.takeOver(topic, topicId, partition))
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
    const before = this.#refusedBefore(batch, owned)
    if (owned.next !== null && batch.next <= owned.next) return before

    const { mapped, unmapped } = this.#map(batch.records, owned.next ?? 0)
    const rejections = await this.#guarded(async () => {
      const sure = await this.#makePartitions(mapped)
      try {
        return await this.#carry(owned, batch.next, mapped, [...before, ...unmapped], sure)
      } catch (error) {
        if (!(error instanceof PartitionGone)) throw error
        for (const one of this.#partitions) one?.[1].clear()
        await this.#makePartitions(mapped)
        return this.#carry(owned, batch.next, mapped, [...before, ...unmapped], true)
      }
    })
    this.#owned.set(partition, { ...owned, next: batch.next, refused: refusedOf(rejections) })
    return [...rejections].sort((a, b) => a.record.offset - b.record.offset)
  }

  async close(): Promise<void> {
    await this.#database.close()
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

  #map(
    records: readonly SinkRecord<K, V>[],
    from: number
  ): { readonly mapped: Mapped<K, V>[]; readonly unmapped: Rejection<K, V>[] } {
    const mapped: Mapped<K, V>[] = []
    const unmapped: Rejection<K, V>[] = []
    for (const record of records) {
      if (record.offset < from) continue
      try {
        mapped.push({ record, changes: this.#tables.map((table) => table.of(record)) })
      } catch (error) {
        if (hasCode(error, 'CONFIG_INVALID')) throw error
        unmapped.push({ record, reason: error instanceof Error ? error.message : String(error) })
      }
    }
    return { mapped, unmapped }
  }

  /** True if all partitions that the rows need were made now, and none is only remembered. */
  async #makePartitions(mapped: readonly Mapped<K, V>[]): Promise<boolean> {
    let sure = true
    for (const [at, one] of this.#partitions.entries()) {
      if (one === undefined) continue
      const [{ make }, known] = one
      const wanted = new Set(mapped.flatMap(({ changes }) => changes[at]?.partition ?? []))
      for (const name of wanted) {
        if (known.has(name)) {
          sure = false
          continue
        }
        try {
          await this.#database.run(make, name)
          known.add(name)
        } catch (error) {
          // what cannot be made for its name is told by the rows that then have no place
          if (this.#database.refusal(error) === undefined) throw error
        }
      }
    }
    return sure
  }

  /** Keeps all that this write will name: those before its records, too, since until it returns they are nowhere else. */
  #carry(
    owned: Ownership,
    next: number,
    mapped: readonly Mapped<K, V>[],
    rejected: readonly Rejection<K, V>[],
    sure: boolean
  ): Promise<readonly Rejection<K, V>[]> {
    return this.#database.transaction(async (transaction) => {
      if (!(await transaction.advance(owned, next)))
        throw new StreamsError(
          'SINK_FENCED',
          `sink ${this.name}: partition ${owned.partition} of topic ${owned.topicId} has another owner or position`
        )
      const rejections = [...rejected]
      await this.#apply(transaction, mapped, rejections, sure)
      if (rejections.length > 0) await transaction.keepRefused(owned, refusedOf(rejections))
      return rejections
    })
  }

  /**
   * Writes the records, or as many as the database takes: if it refuses the whole it is given the halves, in order, down to the
   * single records that it refuses.
   */
  async #apply(
    transaction: TableTransaction,
    mapped: readonly Mapped<K, V>[],
    rejections: Rejection<K, V>[],
    sure: boolean
  ): Promise<void> {
    if (mapped.length === 0) return
    try {
      await transaction.attempt(() => this.#writeTables(transaction, mapped))
    } catch (error) {
      if (!sure && this.#database.lacksPartition(error)) throw new PartitionGone()
      const reason = this.#database.refusal(error)
      if (reason === undefined) throw error
      if (mapped.length === 1) {
        rejections.push({ record: (mapped[0] as Mapped<K, V>).record, reason })
        return
      }
      const half = mapped.length >> 1
      await this.#apply(transaction, mapped.slice(0, half), rejections, sure)
      await this.#apply(transaction, mapped.slice(half), rejections, sure)
    }
  }

  /** A referenced table comes before those that refer to it, and its rows go after theirs. */
  async #writeTables(transaction: TableTransaction, mapped: readonly Mapped<K, V>[]): Promise<void> {
    const changes = this.#tables.map((_, at) =>
      lastOfEachRow(mapped.map((one) => one.changes[at] as RowChange | null))
    )
    for (let at = changes.length - 1; at >= 0; at--) {
      const gone = (changes[at] as RowChange[]).filter((change) => change.gone)
      if (gone.length > 0) await transaction.remove(at, gone)
    }
    for (const [at, all] of changes.entries()) {
      const there = all.filter((change) => !change.gone)
      if (there.length > 0) await transaction.upsert(at, there)
    }
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#database.sinkError(error)
    }
  }
}

/** A reason may quote anything; what the databases keep it as takes neither NUL nor half a surrogate pair. */
function refusedOf<K, V>(rejections: readonly Rejection<K, V>[]): Refused[] {
  return rejections.map(({ record, reason }) => ({
    offset: record.offset,
    reason: reason.toWellFormed().replaceAll('\0', '\ufffd')
  }))
}
