import { partitionName, type TopicPartition } from '../core/record.ts'
import type { GroupOffset } from '../kafka/port/group.ts'

/** Where inputs go on from. */
export interface InputPositions {
  readonly committed: readonly GroupOffset[]
  /** First offsets, by `partitionName`: for inputs without a committed one. */
  readonly earliest: ReadonlyMap<string, number>
}

/** Where the inputs of a thread's tasks go on from, by `partitionName`. */
export class TaskPositions {
  readonly #committed = new Map<string, GroupOffset>()
  readonly #earliest = new Map<string, number>()

  get committed(): ReadonlyMap<string, GroupOffset> {
    return this.#committed
  }

  get earliest(): ReadonlyMap<string, number> {
    return this.#earliest
  }

  /** What this thread committed. */
  add(offsets: readonly GroupOffset[]): void {
    for (const offset of offsets) this.#committed.set(partitionName(offset.topic, offset.partition), offset)
  }

  /** What the brokers say of these inputs, in place of what was known of them. Of others it is not taken. */
  take(inputs: readonly TopicPartition[], { committed, earliest }: InputPositions): void {
    const said = new Map(committed.map((offset) => [partitionName(offset.topic, offset.partition), offset]))
    for (const { topic, partition } of inputs) {
      const name = partitionName(topic, partition)
      replace(this.#committed, name, said.get(name))
      replace(this.#earliest, name, earliest.get(name))
    }
  }

  of(topic: string, partition: number): number {
    const name = partitionName(topic, partition)
    return this.#committed.get(name)?.offset ?? this.#earliest.get(name) ?? 0
  }
}

function replace<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) map.delete(name)
  else map.set(name, value)
}
