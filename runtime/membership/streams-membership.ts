import { setTimeout } from 'node:timers/promises'
import { StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { GroupMetadata, GroupOffset } from '../../kafka/port/group.ts'
import type { StreamsGroupMember, StreamsTasks, TaskIds } from '../../kafka/port/streams-group.ts'
import { partsOfTaskId, taskIdOf } from '../task-id.ts'
import type { TaskPlan } from '../task-plan.ts'
import { noTasks, type TaskShare } from './assignment.ts'
import { type ClientMetadata, clientsOf } from './client-metadata.ts'
import type { Membership } from './membership.ts'

/** Membership in a streams group (KIP-1071): the broker assigns, and gives a task to nobody before its owner has told that it gave it up. */
export class StreamsMembership implements Membership {
  readonly #member: StreamsGroupMember
  readonly #tasks: readonly TaskPlan[]
  #told: StreamsTasks | undefined
  #assigned = noTasks
  readonly #takesOver: () => Promise<void>
  #takingOver: Promise<void> = Promise.resolve()

  /** @param takesOver called when the group gives this member tasks to run; never rejects */
  constructor(member: StreamsGroupMember, tasks: readonly TaskPlan[], takesOver: () => Promise<void>) {
    this.#member = member
    this.#tasks = tasks
    this.#takesOver = takesOver
  }

  async join(): Promise<void> {
    await this.#member.join()
  }

  assigned(): TaskShare {
    const told = this.#member.assigned()
    if (told !== this.#told) {
      this.#told = told
      const share = {
        active: names(told.active),
        standby: names(told.standby),
        warmup: names(told.warmup)
      }
      this.#mustKnow(share)
      const former = new Set(this.#assigned.active)
      this.#assigned = share
      if (share.active.some((task) => !former.has(task)))
        this.#takingOver = this.#takingOver.then(this.#takesOver)
    }
    return this.#assigned
  }

  /** The broker tells of topic partitions; whose inputs are all among a member's is its task. */
  clients(): readonly ClientMetadata[] {
    const tasksOf = (partitions: readonly TopicPartition[]): string[] => {
      const names = new Set(partitions.map(({ topic, partition }) => partitionName(topic, partition)))
      const has = ({ topic, partition }: TopicPartition) => names.has(partitionName(topic, partition))
      return this.#tasks.filter(({ inputs }) => inputs.every(has)).map(({ id }) => id)
    }
    return clientsOf(
      this.#member.endpoints().map(({ endpoint, active, standby }) => {
        return { endpoint, active: tasksOf(active), standby: tasksOf(standby) }
      })
    )
  }

  /** The member's heartbeats go on by themselves. */
  poll(): void {
    this.#member.check()
  }

  inPlace(): boolean {
    return this.#member.inPlace()
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

  /** The broker counts partitions again and again; a process does so at its start. */
  #mustKnow({ active, standby, warmup }: TaskShare): void {
    const unknown = [...active, ...standby, ...warmup].find(
      (id) => !this.#tasks.some((task) => task.id === id)
    )
    if (unknown !== undefined)
      throw new StreamsError(
        'TOPIC_MISMATCH',
        `the group has a task ${unknown} that this process does not know: a topic has had partitions added since it was started; start it again`
      )
  }

  async close(options?: { readonly leave?: boolean }): Promise<void> {
    await this.#takingOver
    await this.#member.close(options)
  }
}

function names(ids: readonly TaskIds[]): string[] {
  return ids.flatMap(({ subTopology, partitions }) =>
    partitions.map((partition) => taskIdOf(subTopology, partition))
  )
}

function taskIds(tasks: readonly string[]): TaskIds[] {
  const bySubTopology = new Map<string, number[]>()
  for (const task of tasks) {
    const { subTopology, partition } = partsOfTaskId(task)
    const partitions = bySubTopology.get(subTopology) ?? []
    partitions.push(partition)
    bySubTopology.set(subTopology, partitions)
  }
  return [...bySubTopology].map(([subTopology, partitions]) => ({ subTopology, partitions }))
}
