import { PlatformaticClient } from '../../../index.ts'
import { generateLines } from './generate.ts'
import { runWorkload } from './run.ts'
import { workloadNames } from './workloads.ts'

export const workloadHelp = `Or one of the workloads that the JVM peer runs, too, in the public DSL; prints a line of JSON with the peer's field names:

  npm run bench -- --workload aggregate --bootstrap 127.0.0.1:9092 --guarantee exactly_once_v2 --cache off

  --workload NAME   ${workloadNames.join(', ')}
  --bootstrap H:P   brokers (default KAFKA_BROKERS)
  --input TOPIC     filled if it does not hold its records yet (default lines-json, or lines-csv)
  --guarantee G     at_least_once (default) or exactly_once_v2
  --cache on|off    default on
  --metrics on|off  default on: tasks count, and are asked every 5 s
  --restore yes     afterwards delete the state and time its rebuild: a second line
  --brokerPid PID   tells the broker's CPU, too
`

export const workloadOptions = {
  workload: { type: 'string' },
  bootstrap: { type: 'string' },
  input: { type: 'string' },
  guarantee: { type: 'string', default: 'at_least_once' },
  cache: { type: 'string', default: 'on' },
  metrics: { type: 'string', default: 'on' },
  restore: { type: 'string', default: 'no' },
  brokerPid: { type: 'string', default: '0' }
} as const

export interface WorkloadArguments {
  readonly workload: string
  readonly records: string
  readonly bootstrap?: string | undefined
  readonly input?: string | undefined
  readonly guarantee: string
  readonly cache: string
  readonly metrics: string
  readonly restore: string
  readonly brokerPid: string
}

export async function runWorkloads(args: WorkloadArguments): Promise<void> {
  const workload = workloadNames.find((name) => name === args.workload)
  if (workload === undefined)
    throw new Error(`--workload is ${workloadNames.join(', ')}, not ${args.workload}`)
  const bootstrap = args.bootstrap ?? process.env.KAFKA_BROKERS
  if (bootstrap === undefined) throw new Error('--bootstrap or KAFKA_BROKERS must name the brokers')
  const { guarantee, cache, metrics } = args
  if (guarantee !== 'at_least_once' && guarantee !== 'exactly_once_v2')
    throw new Error('--guarantee is at_least_once or exactly_once_v2')
  if (cache !== 'on' && cache !== 'off') throw new Error('--cache is on or off')
  if (metrics !== 'on' && metrics !== 'off') throw new Error('--metrics is on or off')
  process.env.NODE_ENV ??= 'production'
  const format = workload === 'csv' ? 'csv' : 'json'
  const input = args.input ?? `lines-${format}`
  const records = Number(args.records)
  await generateLines(new PlatformaticClient({ brokers: bootstrap.split(',') }), input, { format, records })
  const options = { workload, guarantee, cache, metrics, records, input, bootstrap } as const
  for await (const figures of runWorkload({
    ...options,
    brokerPid: Number(args.brokerPid),
    restore: args.restore === 'yes'
  }))
    process.stdout.write(`${JSON.stringify(figures)}\n`)
}
