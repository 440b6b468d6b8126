import type { GroupMember, GroupOffset, OffsetCommitter } from '../../kafka/port/group.ts'
import type { Producer, TransactionalProducer } from '../../kafka/port/producer.ts'
import type { Task } from './task.ts'

/** What a thread writes with, by what it promises. */
export type Writer =
  | { readonly guarantee: 'at_least_once'; readonly producer: Producer }
  | { readonly guarantee: 'exactly_once_v2'; readonly producer: TransactionalProducer }

/** A place within a commit: a process may be killed at each of them, and is, in the crash tests. */
export type CommitPoint = `${'before' | 'after'} step ${1 | 2 | 3 | 4 | 5 | 6}`

/**
 * The commit of all tasks of a thread. No record is processed between its steps. A failure in steps 1 to 4, an unknown outcome included, is
 * the whole thread's: the caller drops all uncommitted work and makes the tasks anew from the last commit.
 *
 * The outputs are safe before the positions are committed, and the stores change last: a process killed anywhere restarts from
 * consistent stores and replays only the tail of each changelog. Under exactly-once that tail is read committed, and the
 * transaction holds a position of every task that wrote, because only with positions does the broker check whether this member still
 * owns them.
 *
 * @returns the positions that are committed now
 */
export async function commit(
  tasks: readonly Task[],
  writer: Writer,
  group: OffsetCommitter & Pick<GroupMember, 'commit'>,
  reached: (point: CommitPoint) => void
): Promise<readonly GroupOffset[]> {
  const { producer } = writer

  // 1. write buffers leave downstream: changelog records, forwards of cached tables
  reached('before step 1')
  const offsets: GroupOffset[] = []
  for (const task of tasks) offsets.push(...task.prepareCommit())
  reached('after step 1')

  // 2. every record written is acknowledged
  reached('before step 2')
  await producer.flush()
  reached('after step 2')

  // 3. the positions of the inputs: committed, or added to the transaction
  reached('before step 3')
  if (writer.guarantee === 'at_least_once') {
    expectCommit(tasks)
    await group.commit(offsets)
  } else await writer.producer.sendOffsets(offsets, group)
  reached('after step 3')

  // 4. the transaction
  reached('before step 4')
  if (writer.guarantee === 'exactly_once_v2') {
    expectCommit(tasks)
    await writer.producer.commit()
  }
  reached('after step 4')

  // 5. one atomic batch per store: its entries and the changelog offset they stand for
  reached('before step 5')
  for (const task of tasks) task.finishCommit((topic, partition) => producer.acknowledged(topic, partition))
  reached('after step 5')

  // 6. what has expired by the stream time that is now committed; cut short, it does no harm: reads leave it out anyway
  const expired = tasks.filter((task) => task.maintenanceDue)
  if (expired.length > 0) {
    reached('before step 6')
    for (const task of expired) task.maintain(0)
    reached('after step 6')
  }
  return offsets
}

/** The point of no return, from which on a failure leaves it open whether the positions are committed. */
function expectCommit(tasks: readonly Task[]): void {
  for (const task of tasks) task.expectCommit()
}
