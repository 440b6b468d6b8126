import { PlatformaticClient } from '../../../index.ts'
import type { Figures, Suite } from '../case.ts'
import { plainBroker } from '../kafka/brokers.ts'
import { generateLines } from '../workload/generate.ts'
import { runWorkload } from '../workload/run.ts'

const figure = 'CPU µs/record'
const input = 'lines-json'

interface Settings {
  readonly brokers: string[]
  readonly records: number
  readonly metrics: 'on' | 'off'
}

/** The aggregate workload with metrics and without. */
export const metrics: Suite = {
  title: 'What metrics cost: the aggregate workload with them, asked for every 5 s, and without',
  async prepare(options) {
    const { brokers, close } = await plainBroker(options)
    const { records } = options
    await generateLines(new PlatformaticClient({ brokers }), input, { format: 'json', records })
    const cases = (['off', 'on'] as const).map((one) => ({
      group: 'aggregate',
      name: `metrics ${one}`,
      program: 'metrics',
      settings: { brokers, records, metrics: one }
    }))
    return { cases, close }
  }
}

/** Of the second half: the first has the compiler's work in it. */
export async function metricsProgram({ brokers, records, metrics: onOrOff }: Settings): Promise<Figures> {
  process.env['NODE_ENV'] ??= 'production'
  const runs = runWorkload({
    workload: 'aggregate',
    guarantee: 'at_least_once',
    cache: 'off',
    records,
    input,
    kafka: new PlatformaticClient({ brokers }),
    brokerPid: 0,
    restore: false,
    metrics: onOrOff,
    profileFolder: undefined
  })
  for await (const found of runs) {
    const perSecond = Number(found['secondHalfRecordsPerClientCpuSecond'])
    return { [figure]: 1e6 / perSecond, 'all CPU s': Number(found['clientCpuSeconds']) }
  }
  throw new Error('the workload gave no figures')
}
