import type { ObjectBucket } from '../index.ts'
import type { ObjectStore } from '../ingest/object-store.ts'

/** The bucket that training sets are written to, made if it is not there. */
export async function trainingBucket(store: ObjectStore, bucket: string): Promise<ObjectBucket> {
  await store.ensureBucket(bucket)
  return {
    async *keys(prefix) {
      for await (const { key } of store.list(bucket, { prefix })) yield key
    },
    async put(key, content) {
      await store.put(bucket, key, content)
    }
  }
}
