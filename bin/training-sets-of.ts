import { type ObjectBucket, StreamsError } from '../index.ts'
import type { ObjectStore } from '../ingest/object-store.ts'
import { businessDay } from '../processors/retail/model.ts'
import type { RetailAppOptions } from './retail-app.ts'

/** The options by which training sets are asked for. */
export const trainingOptions = {
  'validation-from': {
    type: 'string',
    value: 'DAY',
    help: 'write training sets, of which this business day and later ones are for validation'
  },
  'training-bucket': {
    type: 'string',
    value: 'BUCKET',
    default: 'store-sku-training',
    help: 'where training sets are written'
  }
} as const

/** Training sets in a bucket of the object store, which is made if it is not there. Throws CONFIG_INVALID. */
export async function trainingSetsOf(
  store: ObjectStore,
  bucket: string,
  validationFrom: string
): Promise<NonNullable<RetailAppOptions['trainingSets']>> {
  if (!businessDay.safeParse(validationFrom).success)
    throw new StreamsError(
      'CONFIG_INVALID',
      `--validation-from ${validationFrom}: write the day as yyyy-mm-dd`
    )
  await store.ensureBucket(bucket)
  return { bucket: bucketIn(store, bucket), validationFrom }
}

function bucketIn(store: ObjectStore, bucket: string): ObjectBucket {
  return {
    async *keys(prefix) {
      for await (const { key } of store.list(bucket, { prefix })) yield key
    },
    async put(key, content) {
      await store.put(bucket, key, content)
    }
  }
}
