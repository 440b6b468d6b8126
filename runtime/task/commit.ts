import type { GroupMember, GroupOffset } from '../../kafka/port/group.ts'
import type { Producer } from '../../kafka/port/producer.ts'
import type { Task } from './task.ts'

/**
 * The commit of all tasks of a thread, at-least-once. No record is processed between its steps. A failure in steps 1 to 4 is the whole
 * thread's: the caller drops all uncommitted work and makes the tasks anew from the last commit.
 *
 * The outputs are safe before the positions are committed, and the stores change last: a process killed anywhere restarts from
 * consistent stores and replays only the tail of each changelog.
 */
export async function commit(tasks: readonly Task[], producer: Producer, group: GroupMember): Promise<void> {
  // 1. write buffers leave downstream: changelog records, forwards of cached tables
  const offsets: GroupOffset[] = []
  for (const task of tasks) offsets.push(...task.prepareCommit())

  // 2. every record written is acknowledged
  await producer.flush()

  // 3. the positions of the inputs
  await group.commit(offsets)

  // 4. (under exactly-once, steps 2 and 3 belong to a transaction that is committed here)

  // 5. one atomic batch per store: its entries and the changelog offset they stand for
  for (const task of tasks) task.finishCommit((topic, partition) => producer.acknowledged(topic, partition))
}
