import { setTimeout } from 'node:timers/promises'
import { errors } from '@elastic/elasticsearch'

const patienceMs = 60_000
const pauseMs = 200

/** Asks Elasticsearch until it takes the request: it refuses all (429) while its memory is full of what was written before. */
export async function patiently<T>(request: () => Promise<T>): Promise<T> {
  const end = performance.now() + patienceMs
  for (;;) {
    try {
      return await request()
    } catch (error) {
      const refused = error instanceof errors.ResponseError && error.statusCode === 429
      if (!refused || performance.now() > end) throw error
      await setTimeout(pauseMs)
    }
  }
}
