/** The little that a sink needs of an object store. What fails is thrown as a StreamsError whose action is `retry`. */
export interface ObjectBucket {
  /** The keys that begin with the prefix, in their order. */
  keys(prefix: string): AsyncIterable<string>
  /** Writes the object whole, or not at all. One that is there is replaced. */
  put(key: string, content: Buffer): Promise<void>
}
