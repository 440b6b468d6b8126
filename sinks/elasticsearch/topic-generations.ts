import type { Client } from '@elastic/elasticsearch'
import { createIndex, unless } from './create-index.ts'

/** The lives of one topic, in the order in which a sink first met them. */
interface Lives {
  readonly ids: readonly string[]
}

/**
 * Numbers the lives of a topic. Offsets start over when a topic is made again; a generation above them keeps document versions
 * rising. One document a topic, named by it, holds the topic ids seen; an id's place is its generation.
 */
export class TopicGenerations {
  readonly #client: Client
  readonly #index: string
  readonly #known = new Map<string, number>()
  #indexReady = false

  constructor(client: Client, index: string) {
    this.#client = client
    this.#index = index
  }

  /** The generation of that topic id; a new id gets the next one. Several processes that ask at once get one answer. */
  async of(topic: string, topicId: string): Promise<number> {
    const known = this.#known.get(topicId)
    if (known !== undefined) return known
    await this.#makeIndex()
    for (;;) {
      const generation = await this.#findOrAdd(topic, topicId)
      if (generation === undefined) continue
      this.#known.set(topicId, generation)
      return generation
    }
  }

  /** Undefined if another process wrote in between. */
  async #findOrAdd(topic: string, topicId: string): Promise<number | undefined> {
    const index = this.#index
    const found = await unless(404, this.#client.get<Lives>({ index, id: topic }))
    const ids = found?._source?.ids ?? []
    const at = ids.indexOf(topicId)
    if (at >= 0) return at
    const document = { ids: [...ids, topicId] }
    const written = await unless(
      409,
      found === undefined
        ? this.#client.create({ index, id: topic, document })
        : this.#client.index({
            index,
            id: topic,
            document,
            if_seq_no: found._seq_no as number,
            if_primary_term: found._primary_term as number
          })
    )
    return written === undefined ? undefined : ids.length
  }

  async #makeIndex(): Promise<void> {
    if (this.#indexReady) return
    await createIndex(this.#client, this.#index, {
      settings: { number_of_shards: 1, auto_expand_replicas: '0-1' },
      mappings: { dynamic: false }
    })
    this.#indexReady = true
  }
}
