import { setTimeout } from 'node:timers/promises'
import type { TopicPartition } from '../../core/record.ts'
import type { GroupMetadata, GroupOffset } from '../../kafka/port/group.ts'
import type { StreamsGroupMember, StreamsTasks, TaskIds } from '../../kafka/port/streams-group.ts'
import { noTasks, type TaskShare } from './assignment.ts'
import type { Membership } from './membership.ts'

/** Membership in a streams group (KIP-1071): the broker assigns, and gives a task to nobody before its owner has told that it gave it up. */
export class StreamsMembership implements Membership {
  readonly #member: StreamsGroupMember
  #told: StreamsTasks | undefined
  #assigned = noTasks

  constructor(member: StreamsGroupMember) {
    this.#member = member
  }

  async join(): Promise<void> {
    await this.#member.join()
  }

  assigned(): TaskShare {
    const told = this.#member.assigned()
    if (told !== this.#told) {
      this.#told = told
      this.#assigned = {
        active: names(told.active),
        standby: names(told.standby),
        warmup: names(told.warmup)
      }
    }
    return this.#assigned
  }

  /** The member's heartbeats go on by themselves. */
  poll(): void {
    this.#member.check()
  }

  owns({ active, standby, warmup }: TaskShare): void {
    this.#member.owns({ active: taskIds(active), standby: taskIds(standby), warmup: taskIds(warmup) })
  }

  metadata(): GroupMetadata {
    return this.#member.metadata()
  }

  regains(offsets: readonly GroupOffset[], refused: GroupMetadata): Promise<boolean> {
    return this.#member.regains(offsets, refused)
  }

  committed(partitions: readonly TopicPartition[]): Promise<readonly GroupOffset[]> {
    return this.#member.committed(partitions)
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    await this.#member.commit(offsets)
  }

  async shutDownApplication(): Promise<void> {
    await this.#member.join()
    this.#member.shutDownApplication()
    for (;;) {
      this.#member.check()
      await setTimeout(50)
    }
  }

  async close(options?: { readonly leave?: boolean }): Promise<void> {
    await this.#member.close(options)
  }
}

function names(ids: readonly TaskIds[]): string[] {
  return ids.flatMap(({ subTopology, partitions }) =>
    partitions.map((partition) => `${subTopology}_${partition}`)
  )
}

function taskIds(tasks: readonly string[]): TaskIds[] {
  const bySubTopology = new Map<string, number[]>()
  for (const task of tasks) {
    const [subTopology = '', partition] = task.split('_')
    const partitions = bySubTopology.get(subTopology) ?? []
    partitions.push(Number(partition))
    bySubTopology.set(subTopology, partitions)
  }
  return [...bySubTopology].map(([subTopology, partitions]) => ({ subTopology, partitions }))
}
