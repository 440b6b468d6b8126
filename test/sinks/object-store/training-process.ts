import { objectStoreCredentials } from '../../../deploy/local/object-store.ts'
import { ObjectStore } from '../../../ingest/object-store.ts'
import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import type { LineItem } from '../../../processors/retail/model.ts'
import { SinkTask } from '../../../runtime/sink-task.ts'
import { type TrainingSetOptions, trainingSets } from '../../../sinks/retail/training-sets.ts'
import { lineItems } from '../../../topology/retail/topics.ts'

export interface TrainingSettings {
  readonly brokers: readonly string[]
  readonly s3Endpoint: string
  /** A topic of line items. */
  readonly topic: string
  readonly bucket: string
  readonly validationFrom: string
  readonly rangeOffsets: number
  readonly batchRecords: number
  /** The object in whose writing this process is killed, counted from 1; undefined: none. */
  readonly killAt?: number | undefined
}

/** Carries line items into the training sets of a bucket. */
export function trainingTask(settings: TrainingSettings): SinkTask<string, LineItem> {
  const { brokers, s3Endpoint, topic, bucket, validationFrom, rangeOffsets, batchRecords, killAt } = settings
  const store = new ObjectStore({ endpoint: s3Endpoint, credentials: objectStoreCredentials })
  let puts = 0
  const target: TrainingSetOptions['bucket'] = {
    async *keys(prefix) {
      for await (const { key } of store.list(bucket, { prefix })) yield key
    },
    async put(key, content) {
      puts++
      const written = store.put(bucket, key, content)
      // the request is under way by then, and may or may not arrive
      if (puts === killAt) setImmediate(() => process.kill(process.pid, 'SIGKILL'))
      await written
    }
  }
  return new SinkTask({
    client: new PlatformaticClient({ brokers: [...brokers] }),
    groupId: `${bucket}-sink`,
    instanceId: 'writer',
    topics: [{ ...lineItems, name: topic }],
    batchRecords,
    commitIntervalMs: 100,
    sink: trainingSets({ name: 'training-sets', bucket: target, validationFrom, rangeOffsets })
  })
}

// as a process of its own
const [, program, settings] = process.argv
if (program === import.meta.filename) {
  const task = trainingTask(JSON.parse(settings ?? '') as TrainingSettings)
  task.failed.then((error) => {
    process.stderr.write(`${error.stack}\n`)
    process.exit(1)
  })
  await task.start()
}
