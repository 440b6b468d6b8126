import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { kafkaClientMetrics, SinkMetrics } from '../../index.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { ingestMetrics } from '../../ingest/ingest-metrics.ts'
import { noProgress } from '../../ingest/reading/reading-progress.ts'
import { StreamsMetrics } from '../../runtime/metrics.ts'
import { financeGauges } from '../../sinks/retail/finance-gauges.ts'
import { forecastGauges } from '../../sinks/retail/forecast-gauges.ts'
import { analysisGauge } from '../../sinks/retail/own-analysis.ts'

const page = join(import.meta.dirname, '..', '..', 'docs', 'watching.md')

/** A row of the page's tables for each metric of a registry. */
async function rowsOf(registry: Registry): Promise<string[]> {
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]))
  return registry.getMetricsAsArray().map((metric) => {
    const {
      name,
      help,
      labelNames = []
    } = metric as unknown as { name: string; help: string; labelNames?: string[] }
    const labels = labelNames.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${types.get(name)} | ${labels} | ${help} |`.replaceAll('|  |', '| |')
  })
}

it('the page of metrics has each of them, and no other', async () => {
  const streams = new StreamsMetrics()
  streams.state(['RUNNING'], () => 'RUNNING')
  streams.disk({ freeBytes: 1, full: false })
  const others = new Registry()
  new SinkMetrics(others)
  kafkaClientMetrics(others)
  ingestMetrics({ progress: noProgress, rowsForwarded: 0 } as Ingest, others)
  financeGauges('finance', others)
  forecastGauges('forecasts', others)
  analysisGauge(others)
  const rows = [...(await rowsOf(streams.registry)), ...(await rowsOf(others))]
  // tables are laid out with spaces
  const found = (await readFile(page, 'utf8')).replace(/ +/g, ' ').split('\n')
  expect(found.filter((line) => line.startsWith('| `')).toSorted()).toEqual(rows.toSorted())
})
