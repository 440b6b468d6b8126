import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { OpenTransaction } from '../port/admin.ts'
import type { GroupOffset } from '../port/group.ts'
import type { GroupState } from './group-state.ts'
import type { MemoryLog } from './memory-log.ts'

/** Who writes under a transactional id: the owner with the latest epoch. */
export interface MemoryOwner {
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
}

interface Entry {
  owner: MemoryOwner
  /** Partitions and offsets of the open transaction; a transaction without any is not open. */
  readonly logs: Map<string, MemoryLog>
  readonly offsets: { readonly group: GroupState; readonly offsets: readonly GroupOffset[] }[]
}

/** The broker's transaction coordinator. Outcomes are in all partitions at once, and no transaction times out. */
export class MemoryTransactions {
  readonly #entries = new Map<string, Entry>()
  #producerIds = 0

  /** Makes the caller the owner: the former one is fenced, its open transaction aborted. */
  open(transactionalId: string): MemoryOwner {
    const entry = this.#entries.get(transactionalId)
    if (entry === undefined) {
      const owner = { transactionalId, producerId: this.#producerIds++, epoch: 0 }
      this.#entries.set(transactionalId, { owner, logs: new Map(), offsets: [] })
      return owner
    }
    const { producerId, epoch } = entry.owner
    entry.owner = { transactionalId, producerId, epoch: epoch + 1 }
    this.#end(entry, false)
    return entry.owner
  }

  /** Writes one batch within the owner's transaction, opening it with the first. Throws PRODUCER_FENCED. */
  append(owner: MemoryOwner, log: MemoryLog, buffer: Buffer, length: number): number {
    this.#entryOf(owner).logs.set(partitionName(log.topic, log.partition), log)
    return log.append(buffer, length)
  }

  /** Throws PRODUCER_FENCED. */
  addOffsets(owner: MemoryOwner, group: GroupState, offsets: readonly GroupOffset[]): void {
    this.#entryOf(owner).offsets.push({ group, offsets })
    group.pend(offsets)
  }

  /** Throws PRODUCER_FENCED. */
  end(owner: MemoryOwner, committed: boolean): void {
    this.#end(this.#entryOf(owner), committed)
  }

  listOpen(prefix: string): OpenTransaction[] {
    const found: OpenTransaction[] = []
    for (const { owner, logs, offsets } of this.#entries.values())
      if (owner.transactionalId.startsWith(prefix) && logs.size + offsets.length > 0)
        found.push({
          transactionalId: owner.transactionalId,
          producerId: owner.producerId,
          state: 'Ongoing'
        })
    return found
  }

  /** A topic that is gone takes no marker. */
  forgetTopic(topic: string): void {
    for (const { logs } of this.#entries.values())
      for (const [name, log] of logs) if (log.topic === topic) logs.delete(name)
  }

  #entryOf(owner: MemoryOwner): Entry {
    const entry = this.#entries.get(owner.transactionalId)
    if (entry?.owner !== owner)
      throw new StreamsError(
        'PRODUCER_FENCED',
        `transactional id '${owner.transactionalId}': producer ${owner.producerId} with epoch ${owner.epoch} was fenced by another ` +
          `one with epoch ${entry?.owner.epoch}`
      )
    return entry
  }

  #end({ owner, logs, offsets }: Entry, committed: boolean): void {
    for (const log of logs.values()) log.endTransaction(owner.producerId, owner.epoch, committed)
    for (const { group, offsets: sent } of offsets) {
      group.settle(sent)
      if (committed) group.commit(sent)
    }
    logs.clear()
    offsets.length = 0
  }
}
