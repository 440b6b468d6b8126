import { setTimeout } from 'node:timers/promises'
import { type Client, errors } from '@elastic/elasticsearch'

const patienceMs = 60_000

/** Deletes indices, when the server has got over what was written to it: it refuses requests (429) while its memory is full of that. */
export async function deleteIndices(client: Client, index: string | string[]): Promise<void> {
  const end = performance.now() + patienceMs
  for (;;) {
    try {
      await client.indices.delete({ index })
      return
    } catch (error) {
      const refused = error instanceof errors.ResponseError && error.statusCode === 429
      if (!refused || performance.now() > end) throw error
      await setTimeout(1_000)
    }
  }
}
