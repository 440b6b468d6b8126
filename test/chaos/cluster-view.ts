import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, metadataV12 } from '@platformatic/kafka'

const answerWithinMs = 60_000

interface PartitionView {
  /** -1 while there is none */
  readonly leaderId: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
}

/** What a cluster says of its partitions, those of internal topics too: who leads them, and who has all of their records. */
export class ClusterView {
  readonly #bootstrap: readonly string[]

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap.split(',')
  }

  /** The node that leads a partition, once there is one. */
  async leader(topic: string, partition: number): Promise<number> {
    await this.inSync([topic], answerWithinMs)
    const leader = (await this.#partitions([topic])).get(topic)?.[partition]?.leaderId ?? -1
    if (leader < 0) throw new Error(`partition ${topic}-${partition} has no leader, though all brokers run`)
    return leader
  }

  /** Resolves when each replica of these topics is in sync. */
  async inSync(topics: readonly string[], timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const late = await this.#late(topics)
      if (late === undefined) return
      if (Date.now() > deadline) throw new Error(`${late} is not in sync after ${timeoutMs / 1000} s`)
      await sleep(100)
    }
  }

  async #late(topics: readonly string[]): Promise<string | undefined> {
    const views = await this.#partitions(topics)
    for (const topic of topics) {
      const partitions = views.get(topic) ?? []
      const late = partitions.findIndex(
        ({ leaderId, isrNodes, replicaNodes }) => leaderId < 0 || isrNodes.length < replicaNodes.length
      )
      if (late >= 0) return `partition ${topic}-${late}`
      if (partitions.length === 0) return `topic ${topic}`
    }
    return undefined
  }

  /** In the order of their numbers. Brokers on a busy machine are given their time. */
  async #partitions(topics: readonly string[]): Promise<ReadonlyMap<string, readonly PartitionView[]>> {
    const deadline = Date.now() + answerWithinMs
    for (;;) {
      for (const address of this.#bootstrap) {
        try {
          return await askedOf(address, topics)
        } catch (error) {
          if (Date.now() > deadline)
            throw new Error(`no broker of ${this.#bootstrap.join(', ')} tells of its partitions`, {
              cause: error
            })
        }
      }
      await sleep(200)
    }
  }
}

async function askedOf(address: string, topics: readonly string[]): Promise<Map<string, PartitionView[]>> {
  const [host = '', port = ''] = address.split(':')
  const connection = new Connection('chaos', { connectTimeout: 5_000, requestTimeout: 10_000 })
  try {
    await connection.connect(host, Number(port))
    const answer = await metadataV12.api.async(connection, [...topics], false, false)
    return new Map(
      answer.topics.map(({ name, partitions }) => [
        name ?? '',
        partitions.toSorted((one, other) => one.partitionIndex - other.partitionIndex)
      ])
    )
  } finally {
    await connection.close().catch(() => {})
  }
}
