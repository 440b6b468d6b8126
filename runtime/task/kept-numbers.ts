/** Brokers refuse longer metadata (`offset.metadata.max.bytes`, 4,096 by default); base64 makes four characters of three bytes. */
const MOST_BYTES = 3072
/** Version, partition time and count; and what each entry takes beside its name. */
const HEAD_BYTES = 13
const ENTRY_BYTES = 12

/**
 * Numbers of a task's steps that travel with its input positions, and so are as old as these after a restart. Each is written to the metadata
 * of every input, and what the inputs say is merged to the highest, as Kafka Streams does (`ProcessorMetadata`).
 *
 * A step's own times are among them only where they are not the usual ones: mostly that costs nothing, and the metadata is the same as Kafka
 * Streams'. Where such times do not fit they are left out, and the step goes on with the usual ones.
 */
export class KeptNumbers {
  readonly #restored = new Map<string, number>()
  readonly #numbers = new Map<string, () => number>()
  readonly #times = new Map<string, { readonly read: () => number; readonly usual: () => number }>()

  /** Takes over what one input's metadata says. */
  restore(kept: ReadonlyMap<string, number>): void {
    for (const [name, value] of kept)
      this.#restored.set(name, Math.max(value, this.#restored.get(name) ?? value))
  }

  /** See `OperatorContext.keep`. */
  keep(name: string, read: () => number): number {
    this.#numbers.set(name, read)
    return this.#restored.get(name) ?? -1
  }

  /** See `OperatorContext.keepTime`. */
  keepTime(name: string, read: () => number, usual: () => number): number {
    // no store can have such a name
    let key = `${name}:time`
    for (let n = 2; this.#times.has(key); n++) key = `${name}:time${n}`
    this.#times.set(key, { read, usual })
    return this.#restored.get(key) ?? usual()
  }

  /** As they are now. */
  current(): ReadonlyMap<string, number> {
    const numbers = new Map<string, number>()
    for (const [name, read] of this.#numbers) if (read() >= 0) numbers.set(name, read())
    const all = new Map(numbers)
    let bytes = HEAD_BYTES
    for (const [name, { read, usual }] of this.#times) if (read() !== usual()) all.set(name, read())
    for (const name of all.keys()) bytes += ENTRY_BYTES + Buffer.byteLength(name)
    return bytes > MOST_BYTES ? numbers : all
  }
}
