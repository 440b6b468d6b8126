import { integer, StreamsBuilder, type StreamThreadSetup, string, type Topology } from '../../../index.ts'
import { wordTopics } from '../word-topics.ts'

/** What the next word is to cause, in whatever thread it comes. */
export const trouble = { none: 0, error: 1, exit: 2, endlessLoop: 3 } as const

export interface TroubleData {
  readonly prefix: string
  /** One int32, of `trouble`. */
  readonly order: SharedArrayBuffer
}

/** Counts words over a repartition topic, and makes the trouble that is ordered, once. */
export function troubledGraph({ prefix, order }: TroubleData): Topology {
  const { words, counts } = wordTopics(prefix)
  const ordered = new Int32Array(order)
  const builder = new StreamsBuilder()
  builder
    .stream(words)
    .peek(() => make(Atomics.exchange(ordered, 0, trouble.none)))
    .groupBy((word) => word, { name: 'by-word', key: string() })
    .aggregate({ name: 'counts', initial: () => 0, add: (_word, count) => count + 1, value: integer() })
    .toStream()
    .to(counts)
  return builder.build()
}

function make(kind: number): void {
  if (kind === trouble.error) throw new Error('trouble on purpose')
  if (kind === trouble.exit) process.exit(1)
  while (kind === trouble.endlessLoop) performance.now()
}

/** What worker threads call. */
export function streamThread(data: TroubleData): StreamThreadSetup {
  return { topology: troubledGraph(data) }
}
