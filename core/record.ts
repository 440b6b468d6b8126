/** One record header. Kafka allows several with one key, and no value. */
export interface Header {
  readonly key: string
  readonly value: Buffer | null
}

export type Headers = readonly Header[]

export const noHeaders: Headers = Object.freeze([])

/** The last header of that key as text, or undefined. */
export function headerText(headers: Headers, key: string): string | undefined {
  for (let i = headers.length - 1; i >= 0; i--) {
    const header = headers[i] as Header
    if (header.key === key) return header.value === null ? undefined : header.value.toString('utf8')
  }
  return undefined
}

export function textHeader(key: string, value: string): Header {
  return { key, value: Buffer.from(value, 'utf8') }
}

/** A record as processors see it. `timestamp` is event time in milliseconds since 1970. */
export interface StreamRecord<K, V> {
  readonly key: K | null
  readonly value: V | null
  readonly timestamp: number
  readonly headers: Headers
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A text that names a partition in maps and messages: `topic-partition`, as Kafka's tools print it. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}
