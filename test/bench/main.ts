import { parseArgs } from 'node:util'
import type { BenchCase, BenchOptions, Figures, Suite } from './case.ts'
import { closedAfter } from './closed-after.ts'
import { ingest } from './ingest/suite.ts'
import { rss } from './kafka/rss-suite.ts'
import { kafka } from './kafka/suite.ts'
import { metrics } from './metrics/suite.ts'
import { operators, scale } from './operators/suite.ts'
import { comparePeer } from './peer/compare.ts'
import { compareLatency } from './peer/latency.ts'
import { runProgram } from './programs.ts'
import { replicas } from './replicas/suite.ts'
import { judge, table } from './results.ts'
import { childFlag, runCase } from './run-case.ts'
import { serdes } from './serdes/suite.ts'
import { sinks } from './sinks/suite.ts'
import { state } from './state/suite.ts'
import { threads } from './threads/suite.ts'
import { types } from './types/suite.ts'
import { runWorkloads, workloadHelp, workloadOptions } from './workload/main.ts'

const suites: Readonly<Record<string, Suite>> = {
  kafka,
  rss,
  state,
  operators,
  serdes,
  scale,
  threads,
  replicas,
  metrics,
  types,
  ingest,
  sinks
}

const help = `Measures what the library costs, beside other clients. Every case runs in a process of its own; the rounds of the cases
that are compared take turns; the table shows medians. A broker is started (and stopped) unless KAFKA_BROKERS names one. Exit code 1 tells that
a figure missed its target, as it may on a slow machine, or on one that does other work.

  npm run bench -- [--only NAME,...] [options]

  --only NAMES      a choice of ${Object.keys(suites).join(', ')} (default kafka)
  --rounds N        default 3
  --records N       default 1000000
  --ingest-mib N    size of the ingest suite's large file (default 2048)
  --sasl-tls        also over SASL and TLS, on a broker started for that; or --sasl-tls-brokers HOST:PORT with
                    BENCH_CA (file), BENCH_USER and BENCH_PASSWORD (SCRAM-SHA-512)
  --match TEXT      only cases whose group or name holds the text
  --json            JSON lines in place of the table

Or beside Kafka Streams, which takes turns with ours over the same topics; needs Java 17 and Maven. The tables go to docs/benchmarks.md:

  npm run bench -- --peer [--full] [--rounds N] [--records N] [--match TEXT]
  npm run bench -- --latency [--rounds N] [--match GUARANTEE]

  --full            also exactly-once without caches
  --brokerPid PID   tells the CPU of a broker that KAFKA_BROKERS names

${workloadHelp}`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: 'kafka' },
      rounds: { type: 'string', default: '3' },
      'ingest-mib': { type: 'string', default: '2048' },
      'sasl-tls': { type: 'boolean', default: false },
      'sasl-tls-brokers': { type: 'string' },
      match: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      peer: { type: 'boolean', default: false },
      latency: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      ...workloadOptions
    }
  })
  if (values.help) {
    process.stdout.write(help)
    return
  }
  if (values.workload !== undefined) {
    await runWorkloads({ ...values, workload: values.workload })
    return
  }
  const options: BenchOptions = {
    records: wholeNumber('records', values.records),
    ingestBytes: wholeNumber('ingest-mib', values['ingest-mib']) * 1024 * 1024,
    rounds: wholeNumber('rounds', values.rounds),
    securedBrokers: values['sasl-tls-brokers'],
    secured: values['sasl-tls'] || values['sasl-tls-brokers'] !== undefined,
    match: values.match,
    report: (message) => process.stderr.write(`${message}\n`)
  }
  if (values.peer || values.latency) {
    const { full } = values
    const met = values.peer
      ? await comparePeer({ ...options, full, brokerPid: Number(values.brokerPid) })
      : await compareLatency(options)
    process.exitCode = met ? 0 : 1
    return
  }
  let missed = 0
  let measured = 0
  for (const name of values.only.split(',')) {
    const suite = suites[name]
    if (suite === undefined)
      throw new Error(`there is no suite '${name}'; there are ${Object.keys(suites).join(', ')}`)
    options.report(`${suite.title}, Node ${process.version}`)
    const prepared = await suite.prepare(options)
    await closedAfter(prepared.close, async () => {
      const cases = prepared.cases.filter((one) => `${one.group} ${one.name}`.includes(values.match))
      const judged = [...(await runAll(cases, options))].map(([one, rounds]) => judge({ one, rounds }))
      if (values.json) for (const line of judged) process.stdout.write(`${JSON.stringify(line)}\n`)
      else process.stdout.write(`\n${table(judged)}\n\n`)
      measured += judged.length
      missed += judged.filter(({ met }) => met === false).length
    })
  }
  if (measured === 0) throw new Error(`no case of ${values.only} has '${values.match}' in its group and name`)
  process.exitCode = missed > 0 ? 1 : 0
}

/** A B C A B C: what the machine does besides is spread over all. */
async function runAll(
  cases: readonly BenchCase[],
  options: BenchOptions
): Promise<Map<BenchCase, Figures[]>> {
  const results = new Map<BenchCase, Figures[]>(cases.map((one) => [one, []]))
  for (let round = 1; round <= options.rounds; round++)
    for (const one of cases) {
      if (round > (one.rounds ?? options.rounds)) continue
      const figures = await runCase(one)
      results.get(one)?.push(figures)
      options.report(`round ${round}  ${one.group}, ${one.name}: ${JSON.stringify(figures)}`)
    }
  return results
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text.replaceAll('_', ''))
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} must be a whole number, not '${text}'`)
  return number
}

if (process.argv[2] === childFlag) await runProgram(process.argv[3] ?? '', process.argv[4] ?? '{}')
else await main()
