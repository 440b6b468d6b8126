import { type Serde, StreamsBuilder, string, type Topic, type Topology, topic } from '../../../index.ts'
import { sortedJson } from '../sorted-json.ts'

/** A topology of the cases. */
export interface CaseTopology {
  readonly topology: Topology
  /** How keys of output topics are written, where they are not strings. */
  readonly outputKeys?: Readonly<Record<string, Serde<unknown>>>
}

export type CaseTopologies = Readonly<Record<string, () => CaseTopology>>

export const text = string()

export function json<T>(): Serde<T> {
  return sortedJson<T>()
}

/** A topic of string keys and JSON values. */
export function jsonTopic<V>(name: string): Topic<string, V> {
  return topic(name, { key: text, value: json<V>() })
}

export function declared(declare: (builder: StreamsBuilder) => void): () => CaseTopology {
  return () => {
    const builder = new StreamsBuilder()
    declare(builder)
    return { topology: builder.build() }
  }
}

/** The same where the keys of topic `out` are not strings. */
export function declaredWith<K>(
  key: Serde<K>,
  declare: (builder: StreamsBuilder) => void
): () => CaseTopology {
  return () => ({ ...declared(declare)(), outputKeys: { out: key as Serde<unknown> } })
}
