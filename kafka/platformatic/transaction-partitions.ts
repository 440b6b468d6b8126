import { StreamsError } from '../../core/errors.ts'
import type { BatchSender, SendGate } from './batch-sender.ts'
import type { PartitionBatches } from './partition-batches.ts'
import { addingProduceApi, type ProduceApi, produceApi } from './produce-api.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import type { TransactionCoordinator, TransactionVersion } from './transaction-coordinator.ts'

/**
 * Which partitions are in the open transaction. Version 1: a partition's batches wait until the coordinator has added it; those that
 * come up together are added with one request. Version 2: its leader adds it.
 */
export class TransactionPartitions implements SendGate {
  readonly #coordinator: TransactionCoordinator
  readonly #added = new Set<PartitionBatches>()
  readonly #wanted = new Set<PartitionBatches>()
  #sender: BatchSender | undefined
  #open: { readonly identity: ProducerIdentity; readonly version: TransactionVersion } | undefined
  #ending = new AbortController()
  #adding: Promise<void> | undefined
  /** The coordinator may know of the transaction. */
  #touched = false

  constructor(coordinator: TransactionCoordinator) {
    this.#coordinator = coordinator
  }

  /** Who is told when a partition was added, or could not be. */
  serve(sender: BatchSender): void {
    this.#sender = sender
  }

  get api(): ProduceApi {
    return this.#open?.version === 2 ? addingProduceApi : produceApi
  }

  /** Aborted when the transaction is given up: what is only tried again is let be. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  get touched(): boolean {
    return this.#touched
  }

  begin(identity: ProducerIdentity, version: TransactionVersion): void {
    this.#added.clear()
    this.#wanted.clear()
    this.#touched = false
    this.#ending = new AbortController()
    this.#open = { identity, version }
  }

  /** Something else was added: offsets. */
  touch(): void {
    this.#touched = true
  }

  /** Lets nothing pass any more. Resolves when no request is under way. */
  async close(): Promise<void> {
    this.#open = undefined
    this.#ending.abort()
    await this.#adding
  }

  admits(partition: PartitionBatches): boolean {
    const open = this.#open
    if (open === undefined) return false
    if (open.version === 2) {
      this.#touched = true
      return true
    }
    if (this.#added.has(partition)) return true
    this.#wanted.add(partition)
    // the round that asks goes on: further partitions come with this request
    this.#adding ??= Promise.resolve()
      .then(() => this.#add(open.identity))
      .finally(() => {
        this.#adding = undefined
        if (this.#wanted.size > 0) this.#sender?.resume()
      })
    return false
  }

  async #add(identity: ProducerIdentity): Promise<void> {
    const partitions = [...this.#wanted]
    this.#wanted.clear()
    this.#touched = true
    try {
      await this.#coordinator.addPartitions(identity, partitions, this.#ending.signal)
      for (const partition of partitions) this.#added.add(partition)
      this.#sender?.resume()
    } catch (error) {
      if (!(error instanceof StreamsError)) throw error
      this.#sender?.fail(error)
    }
  }
}
