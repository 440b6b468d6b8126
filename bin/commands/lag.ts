import { setTimeout } from 'node:timers/promises'
import type { Admin, Topology } from '../../index.ts'
import { Plan } from '../../runtime/task-plan.ts'
import { fileEvents } from '../../topology/retail/topics.ts'
import { command, jsonOption, printResult } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { groupLags, type ReadingGroup, type TopicLag } from '../group-lag.ts'
import { graphOption, loadAnalyses, loadTopology } from '../load-export.ts'
import { numberOption } from '../number-option.ts'
import { sinkGroup } from '../retail-app.ts'
import { analysisTable, type RetailSink, retailSinks } from '../retail-sinks.ts'
import { kafkaOf, kafkaOptions, stateOptions } from '../services.ts'
import { table } from '../text-table.ts'

const pollMs = 1000

export const lag = command({
  name: 'lag',
  summary: 'Shows what an application has still to process, records by group and topic.',
  details: `Of the graph: its sources and its repartition topics. Of the retail application also the ingest's file events and the sinks' topics.
Exit code 1: more than --max allows.`,
  options: {
    max: { type: 'string', value: 'N', help: 'exit code 1 if more than N records are left in all' },
    wait: {
      type: 'string',
      value: 'SECONDS',
      help: 'wait so long until no more than --max (default 0) are left, with progress bars'
    },
    ...graphOption,
    application: stateOptions.application,
    ...kafkaOptions,
    ...jsonOption
  },
  examples: [
    ['lag', 'of the retail application'],
    ['lag --max 1000 || echo behind', 'for a check'],
    ['lag --wait 60', 'until all is processed'],
    ['lag --analysis topology/retail/basket-sizes.ts#basketSizes', 'with an analysis of your own']
  ],
  async run({ values }, terminal) {
    const most = values.max === undefined ? undefined : numberOption('max', values.max)
    const waitSeconds = values.wait === undefined ? 0 : numberOption('wait', values.wait)
    const topology = await loadTopology(values)
    const sinks = [...retailSinks, ...(await loadAnalyses(values.analysis)).map(analysisTable)]
    const kafka = await kafkaOf(values)
    const admin = kafka.admin('store-sku-lag')
    try {
      const groups = [
        await graphGroup(admin, topology, values.application),
        ...others(values.application, sinks)
      ]
      const until = performance.now() + waitSeconds * 1000
      let lags = await groupLags(admin, groups)
      // twice in a row: a file that is just being read has no records yet
      for (let calm = 0; performance.now() < until && !terminal.stop.aborted; ) {
        calm = sum(lags) > (most ?? 0) ? 0 : calm + 1
        // what comes later is another wait's
        if (calm === 2) break
        for (const { groupId, committed, total, lag: left } of byGroup(lags))
          terminal.bars.update(groupId, committed, total, `${left} records to go`)
        await setTimeout(pollMs)
        lags = await groupLags(admin, groups)
      }
      terminal.bars.finish()
      const records = sum(lags)
      const rows = lags.map(({ groupId, topic, committed, total, lag: left }) => [
        groupId,
        topic,
        committed,
        total,
        left
      ])
      const text = `${table(['group', 'topic', 'committed', 'records', 'lag'], rows)}${records} records to go\n`
      printResult(terminal, values.json, { records, topics: lags }, text)
      if (terminal.stop.aborted) return exitCodes.stopped.code
      const allowed = most ?? (values.wait === undefined ? Number.POSITIVE_INFINITY : 0)
      return records > allowed ? exitCodes.no.code : exitCodes.done.code
    } finally {
      await admin.close()
    }
  }
})

async function graphGroup(admin: Admin, topology: Topology, application: string): Promise<ReadingGroup> {
  const described = await admin.describeTopics(topology.externalTopics().map(({ name }) => name))
  const plan = new Plan(topology, application, (name) => described.get(name)?.partitions)
  return { groupId: application, topics: [...plan.inputTopics()].sort() }
}

function others(application: string, sinks: readonly RetailSink[]): readonly ReadingGroup[] {
  if (application !== 'retail') return []
  return [
    { groupId: 'retail-ingest', topics: [fileEvents.name] },
    ...sinks.map(({ name, topics }) => ({
      groupId: sinkGroup(name),
      topics: topics.map((topic) => topic.name)
    }))
  ]
}

function byGroup(lags: readonly TopicLag[]): readonly Omit<TopicLag, 'topic' | 'partitions'>[] {
  const groups = new Map<string, { groupId: string; committed: number; total: number; lag: number }>()
  for (const { groupId, committed, total, lag: left } of lags) {
    const group = groups.get(groupId) ?? { groupId, committed: 0, total: 0, lag: 0 }
    group.committed += committed
    group.total += total
    group.lag += left
    groups.set(groupId, group)
  }
  return [...groups.values()]
}

function sum(lags: readonly TopicLag[]): number {
  return lags.reduce((total, { lag: left }) => total + left, 0)
}
