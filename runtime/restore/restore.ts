import type { Logger } from '../../core/logger.ts'
import { partitionName } from '../../core/record.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { Admin } from '../../kafka/port/admin.ts'
import type { KafkaClient } from '../../kafka/port/client.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { RestoreProgress } from '../config.ts'

/** A store to bring up to its changelog's end. */
export interface RestoreJob {
  readonly task: string
  readonly store: StateStore
  readonly topic: string
  readonly topicId: string
  readonly partition: number
}

export interface RestoreOptions {
  readonly kafka: KafkaClient
  readonly admin: Admin
  readonly clientId: string
  readonly logger: Logger
  readonly onProgress: (progress: RestoreProgress) => void
  /** Asked between batches; true ends the restore early. */
  readonly stopped: () => boolean
}

const POLL_MS = 100

interface Running extends RestoreJob {
  readonly start: number
  readonly end: number
  restored: number
}

/**
 * Brings stores up to date from their changelogs, each from its checkpoint on. A changelog that is not the one the store was written
 * against (another topic id, or shorter than the checkpoint) means that the store starts over, empty.
 *
 * Reads committed records until the position, past markers and gaps, has reached the high watermark taken at the start.
 */
export async function restore(jobs: readonly RestoreJob[], options: RestoreOptions): Promise<void> {
  if (jobs.length === 0) return
  const [earliest, latest] = await Promise.all([
    options.admin.listOffsets(jobs, 'earliest'),
    options.admin.listOffsets(jobs, 'latest')
  ])
  const running = new Map<string, Running>()
  for (const job of jobs) {
    const name = partitionName(job.topic, job.partition)
    const begin = earliest.get(name) ?? 0
    const end = latest.get(name) ?? 0
    const start = startOf(job, begin, end, options.logger)
    if (start < end) running.set(name, { ...job, start, end, restored: 0 })
  }
  const stores = running.size
  let records = 0
  const consumer = options.kafka.consumer({ clientId: `${options.clientId}-restore`, offsetReset: 'fail' })
  const cursor = new RecordCursor()
  let lastReport = 0
  try {
    consumer.assign(
      [...running.values()].map(({ topic, partition, start }) => ({ topic, partition, offset: start }))
    )
    for (const job of running.values()) options.onProgress(progress(job, false))
    while (running.size > 0 && !options.stopped()) {
      await consumer.arrival(POLL_MS)
      const now = performance.now()
      const report = now - lastReport >= POLL_MS
      if (report) lastReport = now
      for (const { topic, partition, batches } of consumer.take()) {
        const job = running.get(partitionName(topic, partition))
        if (job === undefined) continue
        cursor.open(batches)
        const restored = job.store.restore(cursor, { offset: batches.next, topicId: job.topicId })
        job.restored += restored
        records += restored
        if (report) options.onProgress(progress(job, false))
      }
      for (const [name, job] of running) {
        if ((consumer.position(job.topic, job.partition) ?? 0) < job.end) continue
        running.delete(name)
        consumer.unassign([job])
        options.onProgress(progress(job, true))
        options.logger.info(
          `task ${job.task}: restored ${job.restored} changelog records into store "${job.store.name}" (offsets ${job.start} to ${job.end})`
        )
      }
    }
  } finally {
    await consumer.close()
  }
  options.logger.info(
    `restored ${records} changelog records: ${stores} of ${jobs.length} stores were behind their changelogs`
  )
}

function startOf(job: RestoreJob, begin: number, end: number, logger: Logger): number {
  const { checkpoint } = job.store
  if (checkpoint === undefined) return begin
  const name = partitionName(job.topic, job.partition)
  if (checkpoint.topicId !== job.topicId || checkpoint.offset > end) {
    const reason =
      checkpoint.topicId === job.topicId
        ? `it ends at ${end}, before the store's ${checkpoint.offset}`
        : 'the topic was made anew'
    logger.warn(
      `task ${job.task}: store "${job.store.name}" does not fit changelog ${name} (${reason}); rebuilding it`
    )
    job.store.wipe()
    return begin
  }
  return Math.max(checkpoint.offset, begin)
}

function progress(job: Running, done: boolean): RestoreProgress {
  return { store: job.store.name, task: job.task, restored: job.restored, total: job.end - job.start, done }
}
