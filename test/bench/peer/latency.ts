import { setTimeout as pause } from 'node:timers/promises'
import { PlatformaticClient } from '../../../index.ts'
import type { BenchOptions } from '../case.ts'
import { closedAfter } from '../closed-after.ts'
import { plainBroker } from '../kafka/brokers.ts'
import { median } from '../results.ts'
import type { Guarantee } from './cases.ts'
import { markdown } from './comparison-table.ts'
import { machine, writeSection } from './document.ts'
import { LatencyProbe } from './latency-probe.ts'
import { bothSides, type Side, serve } from './sides.ts'

const guarantees = ['at_least_once', 'exactly_once_v2'] as const
const partitions = 4
const recordsPerSecond = 5_000
/** For the JIT of both. */
const warmUpMs = 15_000
const measuredMs = 20_000
/** Ours over the peer's p99. */
const asked = 1.1

type LatencyOptions = Pick<BenchOptions, 'rounds' | 'report' | 'match'>

const percentiles = { p50: 0.5, p99: 0.99, 'p99.9': 0.999 } as const
type Percentiles = Record<keyof typeof percentiles, number>

/**
 * From the moment a record is handed to a producer until the result of its aggregate arrives at a consumer: the aggregate workload, cache off,
 * at 5,000 records a second, with both guarantees. Both sides are driven by the same client. Returns whether our p99 is as asked for.
 */
export async function compareLatency(options: LatencyOptions): Promise<boolean> {
  if (!guarantees.some((one) => one.includes(options.match)))
    throw new Error(`no guarantee has '${options.match}' in its name; there are ${guarantees.join(', ')}`)
  const sides = await bothSides(options.report)
  const broker = await plainBroker(options)
  return closedAfter(broker.close, () => compare(sides, broker.brokers, options))
}

async function compare(
  sides: readonly Side[],
  brokers: readonly string[],
  { rounds, report, match }: LatencyOptions
): Promise<boolean> {
  const rows = [
    ['guarantee', 'by', ...Object.keys(percentiles).map((name) => `${name} ms`), 'p99, ours over peer']
  ]
  let met = true
  for (const guarantee of guarantees) {
    if (!guarantee.includes(match)) continue
    const found: Record<Side['name'], Percentiles[]> = { ours: [], peer: [] }
    for (let round = 1; round <= rounds; round++)
      for (const side of sides) {
        const one = await measure(side, guarantee, brokers)
        found[side.name].push(one)
        report(`round ${round}  latency, ${guarantee}, ${side.name}: ${JSON.stringify(one)}`)
      }
    const middle = (name: Side['name'], percentile: keyof Percentiles): number =>
      median(found[name].map((one) => one[percentile]))
    const ratio = middle('ours', 'p99') / middle('peer', 'p99')
    if (ratio > asked) met = false
    for (const { name } of sides)
      rows.push([
        guarantee,
        name,
        ...(Object.keys(percentiles) as (keyof Percentiles)[]).map((one) => middle(name, one).toFixed(1)),
        name === 'ours' ? `${ratio.toFixed(2)} (≤ ${asked}${ratio > asked ? ', missed' : ''})` : ''
      ])
  }
  const told = `${await machine()} Medians of ${rounds} rounds of ${measuredMs / 1000} s.\n\n${markdown(rows)}`
  process.stdout.write(`\n${told}\n`)
  if (match === '') await writeSection('latency', told)
  return met
}

async function measure(side: Side, guarantee: Guarantee, brokers: readonly string[]): Promise<Percentiles> {
  const kafka = new PlatformaticClient({ brokers })
  const admin = kafka.admin('bench-latency')
  const input = `latency-${side.name}-${Date.now()}`
  const output = `${input}-output`
  const topics = [input, output].map((name) => ({ name, partitions, configs: { 'retention.ms': '-1' } }))
  try {
    await admin.createTopics(topics)
    const probe = await LatencyProbe.open(kafka, { input, output, partitions })
    const common = { workload: 'aggregate', guarantee, cache: 'off', bootstrap: brokers.join(',') }
    const served = await serve(side, { ...common, input, output })
    try {
      await probe.drive(recordsPerSecond, warmUpMs, false)
      await probe.drive(recordsPerSecond, measuredMs, true)
      // what is still on its way
      await pause(1_000)
    } finally {
      await probe.close()
      await served.stop()
    }
    const sorted = probe.latencies.sort((a, b) => a - b)
    const entries = Object.entries(percentiles).map(([name, part]) => [
      name,
      sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
    ])
    if (sorted.length < 0.99 * recordsPerSecond * (measuredMs / 1000))
      throw new Error(`${side.name}, ${guarantee}: only ${sorted.length} results arrived`)
    await admin.deleteTopics([input, output])
    return Object.fromEntries(entries) as Percentiles
  } finally {
    await admin.close()
  }
}
