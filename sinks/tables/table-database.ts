import type { RowChange } from './row-changes.ts'
import type { ValueEncoder } from './value-encoder.ts'

/** A record that was refused, as the database remembers it. */
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
  /** Refused records that the last write named. */
  readonly refused: readonly Refused[]
}

/**
 * What a table sink asks of a database. Besides the tables of its user it holds one row for each partition of each sink:
 *
 *     next     the position after what is in the tables; null until something is
 *     owner    raised by each takeover; a write names the one it knows
 *     refused  the refused records that the last write named, until the next write: by then they are in the dead-letter topic.
 *              A process that dies in between reads them again from here, or they would be in neither place. A write whose batch
 *              begins with some of them names and keeps them again.
 */
export interface TableDatabase {
  /** The encoder for a column of that type. */
  encoder(type: string): ValueEncoder
  /** Makes the table of positions, and checks what of the user's tables it can. */
  prepare(): Promise<void>
  /** Runs the work in a transaction; whatever fails, nothing of it stays. */
  transaction<T>(work: (transaction: TableTransaction) => Promise<T>): Promise<T>
  /** Runs a statement with one parameter in a transaction of its own. */
  run(statement: string, parameter: string): Promise<void>
  /** Why the database refuses the rows it was given; undefined if the failure is not about them. */
  refusal(error: unknown): string | undefined
  /** True for a row that no partition of its table takes. */
  lacksPartition(error: unknown): boolean
  /** The error a sink throws for what the driver threw. */
  sinkError(error: unknown): unknown
  close(): Promise<void>
}

export interface TableTransaction {
  /** Takes the partition over: from here on a write of its former owner changes nothing and fails. */
  takeOver(topic: string, topicId: string, partition: number): Promise<Ownership>
  /** Moves the position, and with it proves the ownership; false if there is another owner or position. First of each write. */
  advance(owned: Ownership, next: number): Promise<boolean>
  /** Remembers what this write names as refused. Last of a write that names something. */
  keepRefused(owned: Ownership, refused: readonly Refused[]): Promise<void>
  /** Tries the work: if it fails, what it did is undone and the transaction goes on. */
  attempt(work: () => Promise<void>): Promise<void>
  /** Writes rows of the table at that place of the sink's tables. */
  upsert(table: number, changes: readonly RowChange[]): Promise<void>
  remove(table: number, changes: readonly RowChange[]): Promise<void>
}
