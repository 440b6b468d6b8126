/** Keys that will be read soon, by their bytes; a RecordCursor is one. */
export interface KeysAhead {
  readonly buffer: Buffer
  /** -1: there is no key. */
  readonly keyStart: number
  readonly keyEnd: number
  /** Goes on to the next one; false at the end. */
  next(): boolean
}

export interface Prefetched {
  /** Keys looked at. */
  readonly seen: number
  /** Those that the engine was asked for. */
  readonly read: number
}
