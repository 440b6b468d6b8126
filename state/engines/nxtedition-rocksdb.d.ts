/** The part of the package that is used here; it ships no types. The calls with an underscore are its synchronous ones. */
declare module '@nxtedition/rocksdb' {
  interface RangeOptions {
    gte?: Buffer
    lt?: Buffer
    reverse?: boolean
    limit?: number
    keyEncoding?: 'buffer'
    valueEncoding?: 'buffer'
    fillCache?: boolean
  }

  export interface SyncBatch {
    _put(key: Buffer, value: Buffer): void
    _del(key: Buffer): void
    _writeSync(options?: { sync?: boolean }): void
    _clear(): void
    _closeSync(): void
  }

  export class RocksLevel {
    /** @param locationOrHandle a handle is another instance's, in whatever thread of the process */
    constructor(locationOrHandle: string | bigint, options: Record<string, unknown>)
    /** Of an open database. */
    readonly handle: bigint
    open(): Promise<void>
    close(): Promise<void>
    _getManySync(keys: readonly Buffer[], options: { valueEncoding: 'buffer' }): (Buffer | null | undefined)[]
    /** Opens an iterator, reads it to its limit and closes it, in one native call. Rows are key, value, key, value, ... */
    querySync(options: RangeOptions): { rows: Buffer[]; finished: boolean }
    _chainedBatch(): SyncBatch
    /** Deletes the range at once; `callback` comes on the next tick. */
    _clear(range: { gte: Buffer; lt: Buffer }, callback: (error: Error | null) => void): void
    getProperty(property: string): string
    detachResource(resource: SyncBatch): void
  }
}
