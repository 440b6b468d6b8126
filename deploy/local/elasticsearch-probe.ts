import { z } from 'zod'
import { LocalServiceError } from './errors.ts'

const healthSchema = z.object({ status: z.string(), timed_out: z.boolean() })

/** Elasticsearch answers when its primary shards do; after a restart that is later than its port. */
export async function probeElasticsearch(url: string): Promise<void> {
  const response = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=5s`, {
    signal: AbortSignal.timeout(10_000)
  })
  const health = healthSchema.parse(await response.json())
  if (health.timed_out) throw new LocalServiceError(`Elasticsearch is ${health.status}`)
}
