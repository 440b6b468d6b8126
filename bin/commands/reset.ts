import { planReset, type ResetPlan, resetApplication } from '../../index.ts'
import { command, jsonOption, printResult } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { graphOption, loadTopology } from '../load-export.ts'
import { barLogger } from '../progress-bars.ts'
import { kafkaOf, kafkaOptions, stateDirectoryOf, stateOptions } from '../services.ts'

export const reset = command({
  name: 'reset',
  summary: 'Makes an application process everything again: shows what would be done, and with --yes does it.',
  details: `Deletes its internal topics and its state on this machine, and puts its positions to the beginning of what others write.
Topics that the graph both writes and reads are passed over: their records will be made again. Outputs stay. All replicas
must be stopped (exit code 4 otherwise, and nothing is changed). Cut short, run it again. What other machines have of its
state is found to be that of another changelog there, and rebuilt. Run it with the graph that has been running, and its
--analysis options, before a changed one is deployed: what no graph names is not deleted.`,
  options: {
    yes: { type: 'boolean', default: false, help: 'do it' },
    ...graphOption,
    ...stateOptions,
    ...kafkaOptions,
    ...jsonOption
  },
  examples: [
    ['reset', 'what would be done'],
    ['reset --yes', 'do it'],
    [
      'reset --analysis topology/retail/basket-sizes.ts#basketSizes',
      'of a graph with an analysis of your own'
    ],
    ['reset --application orders --graph ./orders.ts#orders', "of an application of one's own"]
  ],
  async run({ values }, terminal) {
    const options = {
      topology: await loadTopology(values),
      applicationId: values.application,
      kafka: await kafkaOf(values),
      stateDirectory: stateDirectoryOf(values)
    }
    const plan = values.yes
      ? await resetApplication({ ...options, logger: barLogger(terminal.bars) })
      : await planReset(options)
    const result = { done: values.yes, application: values.application, ...plan }
    printResult(terminal, values.json, result, describePlan(values.application, plan, values.yes))
    return exitCodes.done.code
  }
})

function describePlan(
  application: string,
  { topics, passedOver, folders }: ResetPlan,
  done: boolean
): string {
  const passed = new Set(passedOver.map(({ topic }) => topic))
  const lines = [
    `${application}: positions ${done ? 'put' : 'would be put'} to the beginning`,
    ...[...passed].map((topic) => `  of ${topic} to the end: the graph writes it`),
    `${topics.length} internal topics ${done ? 'deleted' : 'would be deleted'}`,
    ...topics.map((topic) => `  ${topic}`),
    `${folders.length} folders of state ${done ? 'deleted' : 'would be deleted'}`,
    ...folders.map((folder) => `  ${folder}`),
    ...(done ? [] : ['Nothing was changed; --yes does it.'])
  ]
  return `${lines.join('\n')}\n`
}
