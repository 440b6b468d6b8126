import { PlatformaticClient } from '../../../index.ts'
import type { BenchOptions } from '../case.ts'
import { closedAfter } from '../closed-after.ts'
import { plainBroker } from '../kafka/brokers.ts'
import { median } from '../results.ts'
import { generateLines } from '../workload/generate.ts'
import { nameOf, type PeerCase, peerCases } from './cases.ts'
import { comparison, type Row, type SideFigures } from './comparison-table.ts'
import { machine, writeSection } from './document.ts'
import { bothSides, run, type Side } from './sides.ts'

export interface PeerOptions extends Pick<BenchOptions, 'records' | 'rounds' | 'match' | 'report'> {
  /** Also exactly-once without caches. */
  readonly full: boolean
  /** Of the broker that KAFKA_BROKERS names; 0: its CPU is not told. */
  readonly brokerPid: number
}

/** What a run prints, under the same names by both. */
type Printed = Readonly<Record<string, unknown>>

interface Found {
  readonly run: Printed
  readonly restore: Printed | undefined
}

type Rounds = Map<PeerCase, Record<Side['name'], Found[]>>

interface Running extends Pick<PeerOptions, 'records' | 'rounds' | 'report'> {
  readonly sides: readonly Side[]
  /** Settings of all runs. */
  readonly common: Readonly<Record<string, string>>
}

/** The records of a whole comparison; fewer are a quick look, which is not written down. */
const standardRecords = 1_000_000

/** Runs ours and the peer in turns over the same topics. Returns whether all that is asked for was met. */
export async function comparePeer(options: PeerOptions): Promise<boolean> {
  if (casesOf(options).length === 0) throw new Error(`no case has '${options.match}' in its name`)
  const sides = await bothSides(options.report)
  const broker = await plainBroker(options)
  return closedAfter(broker.close, () => compare(sides, broker, options))
}

function casesOf({ full, match }: PeerOptions): PeerCase[] {
  return peerCases(full).filter((one) => nameOf(one).includes(match))
}

async function compare(
  sides: readonly Side[],
  broker: Awaited<ReturnType<typeof plainBroker>>,
  options: PeerOptions
): Promise<boolean> {
  const { records, rounds, report } = options
  const cases = casesOf(options)
  const common = { bootstrap: broker.brokers.join(','), brokerPid: String(broker.pid || options.brokerPid) }
  for (const format of ['json', 'csv'] as const)
    if (cases.some(({ workload }) => (workload === 'csv') === (format === 'csv')))
      await generateLines(new PlatformaticClient({ brokers: broker.brokers }), inputOf(format, records), {
        format,
        records
      })
  const found: Rounds = new Map()
  try {
    await runRounds(found, cases, { sides, common, records, rounds, report })
  } catch (error) {
    // what was measured so far is not to be lost
    process.stdout.write(`\n${comparison([...found].flatMap(([one, both]) => rowsOf(one, both))).text}\n`)
    throw error
  }
  const rows = [...found].flatMap(([one, both]) => rowsOf(one, both))
  const { text, met } = comparison(rows)
  const told = `${await machine()} ${records.toLocaleString('en')} records, medians of ${rounds} rounds.\n\n${text}`
  process.stdout.write(`\n${told}\n`)
  if (records === standardRecords && options.match === '') await writeSection('peer', told)
  return met
}

/** A B A B: what the machine does besides is spread over both. */
async function runRounds(found: Rounds, cases: readonly PeerCase[], running: Running): Promise<void> {
  const { sides, common, records, rounds, report } = running
  for (let round = 1; round <= rounds; round++)
    for (const one of cases) {
      const both: Record<Side['name'], Found[]> = found.get(one) ?? { ours: [], peer: [] }
      found.set(one, both)
      for (const side of sides) {
        const { workload, guarantee, cache, restore } = one
        const input = inputOf(workload === 'csv' ? 'csv' : 'json', records)
        const settings = { workload, guarantee, cache, input, records: String(records) }
        const [printed, restored] = await run(side, {
          ...settings,
          ...common,
          restore: restore ? 'yes' : 'no'
        })
        if (printed === undefined) throw new Error(`${side.name}, ${nameOf(one)}: no figures`)
        both[side.name].push({ run: printed, restore: restored })
        report(`round ${round}  ${nameOf(one)}, ${side.name}: ${JSON.stringify([printed, restored])}`)
      }
      checkSame(one, both)
    }
}

function inputOf(format: string, records: number): string {
  return `lines-${format}-${records}`
}

/** Both must have done the same work. Under exactly-once the counts hold markers, with caches they hang on the time of commits. */
function checkSame(one: PeerCase, { ours, peer }: Record<Side['name'], Found[]>): void {
  for (const [name, found] of Object.entries({ ours, peer }))
    if (found.at(-1)?.run['lag'] !== 0)
      throw new Error(`${name}, ${nameOf(one)}: the input was not read to its end`)
  const stateful = one.workload === 'aggregate' || one.workload === 'rekey-aggregate'
  if (one.guarantee === 'exactly_once_v2' || (stateful && one.cache === 'on')) return
  const [written, expected] = [ours.at(-1)?.run['outputs'], peer.at(-1)?.run['outputs']]
  if (written !== expected)
    throw new Error(`${nameOf(one)}: ours wrote ${written} records, the peer ${expected}`)
}

function rowsOf(one: PeerCase, { ours, peer }: Record<Side['name'], Found[]>): Row[] {
  const { asked } = one
  const name = nameOf(one)
  const rows: Row[] = [{ name, asked, ours: medians(ours, 'run'), peer: medians(peer, 'run') }]
  if (one.restore)
    rows.push({
      name: `restore of ${name}`,
      // the memory is that of the run before
      asked: asked.restore === undefined ? {} : { whole: asked.restore },
      ours: medians(ours, 'restore'),
      peer: medians(peer, 'restore')
    })
  return rows
}

function medians(found: readonly Found[], part: keyof Found): SideFigures {
  const of = (name: string): number | undefined => {
    const values = found.map((one) => one[part]?.[name]).filter((value) => typeof value === 'number')
    return values.length === 0 ? undefined : median(values)
  }
  return {
    secondHalf: of('secondHalfRecordsPerClientCpuSecond'),
    whole: of('recordsPerClientCpuSecond'),
    perSecond: of('recordsPerSecond'),
    rssMiB: of('peakRssMiB'),
    brokerCpuSeconds: of('brokerCpuSeconds')
  }
}
