import type { Logger } from '../../core/logger.ts'
import { partitionName } from '../../core/record.ts'
import type { RestoreJob } from './restore-job.ts'

/**
 * Where in its changelog a store goes on. A changelog that is not the one the store was written against (another topic id, or shorter than
 * the checkpoint) means that the store starts over, empty. So does a store that was not written for as long as the changelog keeps tombstones:
 * deletions may have been compacted away since.
 */
export function changelogStart(
  job: RestoreJob,
  begin: number,
  end: number,
  now: number,
  logger: Logger
): number {
  const { checkpoint } = job.store
  if (checkpoint === undefined) return begin
  const misfit = misfitOf(job, end, now)
  if (misfit === undefined) return Math.max(checkpoint.offset, begin)
  const name = partitionName(job.topic, job.partition)
  logger.warn(
    `task ${job.task}: store "${job.store.name}" does not fit changelog ${name} (${misfit}); rebuilding it`
  )
  job.store.wipe()
  return begin
}

function misfitOf(
  { store, topicId, deleteRetentionMs }: RestoreJob,
  end: number,
  now: number
): string | undefined {
  const { checkpoint, committedAt } = store
  if (checkpoint === undefined) return undefined
  if (checkpoint.topicId !== topicId) return 'the topic was made anew'
  if (checkpoint.offset > end) return `it ends at ${end}, before the store's ${checkpoint.offset}`
  if (checkpoint.offset < end && committedAt >= 0 && now - committedAt >= deleteRetentionMs)
    return `it was last written ${Math.round((now - committedAt) / 3_600_000)} hours ago, and tombstones are kept for less`
  return undefined
}
