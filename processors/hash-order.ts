/**
 * Remembers byte strings (as latin1 text) and gives them back in the order in which a Java HashSet would: changelogs of buffers are written in
 * it, and stay comparable with Kafka Streams' own.
 */
export class HashOrder {
  readonly #members = new Set<string>()
  #buckets = 16

  get size(): number {
    return this.#members.size
  }

  add(id: string): void {
    this.#members.add(id)
    if (this.#members.size > this.#buckets * 0.75) this.#buckets *= 2
  }

  /** All of them; none is left. */
  take(): string[] {
    const members = [...this.#members]
    this.#members.clear()
    if (members.length < 2) return members
    const mask = this.#buckets - 1
    const bucketOf = new Map(members.map((id) => [id, spread(id) & mask]))
    return members.sort((a, b) => (bucketOf.get(a) as number) - (bucketOf.get(b) as number))
  }
}

function spread(id: string): number {
  let hash = 1
  for (let i = 0; i < id.length; i++) hash = (Math.imul(31, hash) + ((id.charCodeAt(i) << 24) >> 24)) | 0
  return hash ^ (hash >>> 16)
}
