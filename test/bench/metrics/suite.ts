import { PlatformaticClient } from '../../../index.ts'
import type { Figures, Suite } from '../case.ts'
import { plainBroker } from '../kafka/brokers.ts'
import { generateLines } from '../workload/generate.ts'
import { runWorkload, type WorkloadOptions } from '../workload/run.ts'

const figure = 'CPU µs/record'

/** The aggregate workload with metrics and without. */
export const metrics: Suite = {
  title: 'What metrics cost: the aggregate workload with them, asked for every 5 s, and without',
  async prepare(options) {
    const broker = await plainBroker(options)
    const bootstrap = broker.brokers.join(',')
    const input = 'lines-json'
    const { records } = options
    await generateLines(new PlatformaticClient({ brokers: bootstrap.split(',') }), input, {
      format: 'json',
      records
    })
    const settings: Omit<WorkloadOptions, 'metrics'> = {
      workload: 'aggregate',
      guarantee: 'at_least_once',
      cache: 'off',
      records,
      input,
      bootstrap,
      brokerPid: 0,
      restore: false
    }
    const cases = (['off', 'on'] as const).map((one) => ({
      group: 'aggregate',
      name: `metrics ${one}`,
      program: 'metrics',
      settings: { ...settings, metrics: one }
    }))
    return { cases, close: broker.close }
  }
}

/** Of the second half: the first has the compiler's work in it. */
export async function metricsProgram(settings: WorkloadOptions): Promise<Figures> {
  process.env['NODE_ENV'] ??= 'production'
  for await (const found of runWorkload(settings)) {
    const perSecond = Number(found['secondHalfRecordsPerClientCpuSecond'])
    return { [figure]: 1e6 / perSecond, 'all CPU s': Number(found['clientCpuSeconds']) }
  }
  throw new Error('the workload gave no figures')
}
