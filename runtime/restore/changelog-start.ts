import type { Logger } from '../../core/logger.ts'
import { partitionName } from '../../core/record.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { RestoreJob } from './restore-job.ts'

/**
 * Where in its changelog a store goes on. A changelog that is not the one the store was written against (another topic id, or shorter than
 * the checkpoint) or that lost what the store has not seen yet means that the store starts over, empty. So does a store that was not written
 * for as long as the changelog keeps tombstones: deletions may have been compacted away since. So does a table that is ahead of its task in their
 * topic, because the position was put back.
 */
export function changelogStart(
  job: RestoreJob,
  begin: number,
  end: number,
  now: number,
  logger: Logger,
  transactional: boolean
): number {
  const { checkpoint } = job.store
  if (checkpoint === undefined) return begin
  // what the task wrote last is followed by its transaction's marker, which is nothing that the store lacks
  const markers = transactional && job.source === undefined ? 1 : 0
  const misfit =
    checkpoint.offset < begin
      ? `it begins at ${begin}, after the store's ${checkpoint.offset}`
      : (aheadOf(job, checkpoint.offset) ?? misfitOf(job.store, job, checkpoint.offset, end, now, markers))
  if (misfit === undefined) return checkpoint.offset
  const name = partitionName(job.topic, job.partition)
  logger.warn(
    `task ${job.task}: store "${job.store.name}" does not fit changelog ${name} (${misfit}); rebuilding it`
  )
  job.store.wipe()
  return begin
}

function aheadOf({ source }: RestoreJob, offset: number): string | undefined {
  return source !== undefined && offset > source.position
    ? `its task goes on at ${source.position}, before the store's ${offset}`
    : undefined
}

/** Why a store cannot go on from an offset of its changelog, which ends at `end` with so many markers; undefined when it can. */
export function misfitOf(
  { checkpoint, committedAt }: Pick<StateStore, 'checkpoint' | 'committedAt'>,
  changelog: Pick<RestoreJob, 'topicId' | 'deleteRetentionMs'>,
  offset: number,
  end: number,
  now: number,
  markers = 0
): string | undefined {
  if (checkpoint?.topicId !== changelog.topicId) return 'the topic was made anew'
  if (offset > end) return `it ends at ${end}, before the store's ${offset}`
  if (offset + markers < end && committedAt >= 0 && now - committedAt >= changelog.deleteRetentionMs)
    return `it was last written ${Math.round((now - committedAt) / 3_600_000)} hours ago, and tombstones are kept for less`
  return undefined
}
