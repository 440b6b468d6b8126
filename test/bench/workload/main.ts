import { type KafkaClient, PlatformaticClient } from '../../../index.ts'
import { MemoryBroker } from '../../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../../kafka/memory/memory-client.ts'
import { generateLines } from './generate.ts'
import { runWorkload } from './run.ts'
import { serveWorkload } from './serve.ts'
import { workloadNames } from './workloads.ts'

export const workloadHelp = `Or one of the workloads that the JVM peer runs, too, in the public DSL; prints a line of JSON with the peer's field names:

  npm run bench -- --workload aggregate --bootstrap 127.0.0.1:9092 --guarantee exactly_once_v2 --cache off

  --workload NAME   ${workloadNames.join(', ')}
  --bootstrap H:P   brokers (default KAFKA_BROKERS); memory: a broker within the process, which the figures then hold, too
  --input TOPIC     filled if it does not hold its records yet (default lines-json, or lines-csv)
  --guarantee G     at_least_once (default) or exactly_once_v2
  --cache on|off    default on
  --metrics on|off  default on: tasks count, and are asked every 5 s
  --restore yes     afterwards delete the state and time its rebuild: a second line
  --brokerPid PID   tells the broker's CPU, too
  --serve yes       works on, without figures, until the standard input ends; --output TOPIC is there already
  --profile         writes a CPU profile to .local/profiles and prints the top of it
`

export const workloadOptions = {
  workload: { type: 'string' },
  bootstrap: { type: 'string' },
  input: { type: 'string' },
  guarantee: { type: 'string', default: 'at_least_once' },
  cache: { type: 'string', default: 'on' },
  metrics: { type: 'string', default: 'on' },
  records: { type: 'string', default: '1000000' },
  restore: { type: 'string', default: 'no' },
  brokerPid: { type: 'string', default: '0' },
  output: { type: 'string' },
  serve: { type: 'string', default: 'no' },
  profile: { type: 'boolean', default: false }
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
  readonly output?: string | undefined
  readonly serve: string
  readonly profile: boolean
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
  if (args.serve === 'yes') {
    if (args.output === undefined) throw new Error('--serve needs an --output')
    await serveWorkload({
      workload,
      guarantee,
      cache,
      input,
      output: args.output,
      kafka: clientOf(bootstrap)
    })
    return
  }
  const records = Number(args.records)
  const kafka = clientOf(bootstrap)
  await generateLines(kafka, input, { format, records })
  const options = { workload, guarantee, cache, metrics, records, input, kafka } as const
  for await (const figures of runWorkload({
    ...options,
    brokerPid: Number(args.brokerPid),
    restore: args.restore === 'yes',
    profileFolder: args.profile ? '.local/profiles' : undefined
  }))
    process.stdout.write(`${JSON.stringify(figures)}\n`)
}

function clientOf(bootstrap: string): KafkaClient {
  if (bootstrap === 'memory') return new MemoryClient(new MemoryBroker())
  return new PlatformaticClient({ brokers: bootstrap.split(',') })
}
