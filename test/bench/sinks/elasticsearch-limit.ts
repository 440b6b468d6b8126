import { Client } from '@elastic/elasticsearch'
import { type BulkAction, sendBulk } from '../../../sinks/elasticsearch/bulk.ts'
import { skuIndex } from '../../../sinks/retail/sku-index.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { patiently } from './patiently.ts'
import { skuSales } from './records.ts'

export interface ElasticsearchLimitSettings {
  readonly url: string
  readonly rows: number
  readonly batch: number
}

/** Documents that are ready to be sent, and nothing but sending them, one request after the other, until each is taken. */
export async function elasticsearchLimit({ url, rows, batch }: ElasticsearchLimitSettings): Promise<Figures> {
  const client = new Client({ node: url, requestTimeout: 60_000 })
  const index = `bench-limit-${process.pid}`
  await patiently(() =>
    client.indices.create({
      index,
      settings: { number_of_replicas: 0, gc_deletes: '1h' },
      mappings: skuIndex.mappings
    })
  )
  try {
    const batches: BulkAction[][] = []
    for (let from = 0; from < rows; from += batch) {
      const actions: BulkAction[] = []
      for (let i = from; i < Math.min(from + batch, rows); i++) {
        const [id, document] = skuSales(i)
        const target = `{"index":{"_index":"${index}","_id":"${id}","version":${i + 1},"version_type":"external"}}`
        const lines = `${target}\n${JSON.stringify(document)}`
        actions.push({ lines, bytes: Buffer.byteLength(lines) })
      }
      batches.push(actions)
    }
    const cost = new Cost()
    for (const actions of batches) {
      const outcomes = await patiently(() => sendBulk(client, actions, 5_000_000))
      // a conflict: sent again after it was taken
      const bad = outcomes.find(({ kind }) => kind === 'refused' || kind === 'later')
      if (bad !== undefined) throw new Error(bad.reason)
    }
    const figures = cost.of(rows)
    return { rowsPerSecond: 1e6 / (figures['seconds/M'] as number), ...figures }
  } finally {
    await patiently(() => client.indices.delete({ index }))
    await client.close()
  }
}
