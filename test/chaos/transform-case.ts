import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { partitionName } from '../../core/record.ts'
import { startCluster } from '../../deploy/local/cluster.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { type TopicVerdict, verifyTopic } from '../peer/verify.ts'
import type { CaseOption, CaseResult, ChaosContext } from './case.ts'
import { partitions, writeNumbers } from './numbered-input.ts'
import { makePlan } from './plan.ts'
import { type Tally, TransformDriver } from './transform-driver.ts'
import type { WorkerSettings } from './worker-protocol.ts'

export const transformOptions: readonly CaseOption[] = [
  { name: 'records', default: '200000', describe: 'numbered records in the input' },
  {
    name: 'kills',
    default: '30',
    describe: 'how often the worker is killed (SIGKILL), at random and targeted moments'
  },
  { name: 'leader-kills', default: '5', describe: 'how often the broker that leads a partition is killed' },
  { name: 'leader-pauses', default: '1', describe: 'how often such a broker stands still (SIGSTOP) instead' }
]

export interface TransformTrial {
  readonly name: string
  readonly guarantee: WorkerSettings['guarantee']
  readonly transactionVersion: 1 | 2
  readonly aborts: number
  readonly zombies: number
  /** What is wrong with the output, in words; none if it is as promised */
  readonly judge: (verdict: TopicVerdict) => readonly string[]
}

const input = 'numbers'
const output = 'transformed'
const groupId = 'transformer'

/** One cluster of three brokers, one input, and one worker that turns it into one output while everything is killed. */
export async function transformUnderBlows(context: ChaosContext, trial: TransformTrial): Promise<CaseResult> {
  const records = context.number('records')
  const phase = <T>(name: string, action: () => Promise<T>) => context.phase(`${trial.name}: ${name}`, action)
  const cluster = await phase('start 3 brokers', () =>
    startCluster({
      directory: join(context.directory, trial.name.replaceAll(' ', '-')),
      brokers: 3,
      features: { 'transaction.version': trial.transactionVersion },
      onProgress: (message) => context.watchdog.touch(message)
    })
  )
  context.atEnd((failed) => cluster.stop({ wipe: !failed }))
  const client = new PlatformaticClient({ brokers: cluster.bootstrap.split(',') })
  await phase('write the input', async () => {
    await requireVersion(client, trial.transactionVersion)
    await writeNumbers(client, input, output, records, (written) => {
      context.watchdog.touch()
      context.bars.update('input', written, records, `${written} records`)
    })
  })
  const settings: WorkerSettings = {
    brokers: cluster.bootstrap,
    input,
    output,
    groupId,
    guarantee: trial.guarantee,
    seed: context.seed
  }
  const driver = new TransformDriver(context, cluster, settings, records, (committed) =>
    context.bars.update(trial.name, committed, records, progressText(driver.tally))
  )
  context.atEnd(() => driver.kill())
  context.watchdog.describeWith(() => driver.describe())
  const plan = makePlan(
    context.random('plan'),
    {
      kills: context.number('kills'),
      leaderKills: context.number('leader-kills'),
      leaderPauses: context.number('leader-pauses'),
      aborts: trial.aborts,
      zombies: trial.zombies
    },
    records
  )
  await phase('transform', () => driver.run(plan))
  await phase('close the worker', async () => {
    await driver.close()
    await allCommitted(client, records)
  })
  const verdict = await phase('read with the Java consumer', () =>
    verifyTopic({
      bootstrap: cluster.bootstrap,
      topic: output,
      isolation: 'read_committed',
      uniqueBy: 'field:n',
      expectRange: { from: 0, to: records - 1 },
      field: 'n',
      report: (message) => context.watchdog.touch(message)
    })
  )
  const faults = [
    ...trial.judge(verdict),
    ...driver.tally.ownEnds.map((words) => `ended by itself: ${words}`)
  ]
  return {
    name: trial.name,
    passed: faults.length === 0,
    details: [...faults, ...summary(verdict, driver.tally)].join('; ')
  }
}

async function requireVersion(client: PlatformaticClient, version: number): Promise<void> {
  const admin = client.admin('chaos')
  const finalized = (await admin.finalizedFeatures()).get('transaction.version')
  await admin.close()
  if (finalized !== version) throw new Error(`transaction.version is ${finalized}, not ${version}`)
}

/** The group's offsets are at the end of the input, as somebody else sees them. */
async function allCommitted(client: PlatformaticClient, records: number): Promise<void> {
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic: input, partition }))
  const admin = client.admin('chaos')
  try {
    let sum = 0
    // markers reach the offsets' partition a moment after the commit was answered
    for (let attempt = 0; attempt < 50; attempt++) {
      const [committed, ends] = await Promise.all([
        admin.groupOffsets(groupId, all),
        admin.listOffsets(all, 'latest-stable')
      ])
      sum = [...committed.values()].reduce((total, offset) => total + offset, 0)
      const names = all.map(({ topic, partition }) => partitionName(topic, partition))
      if (sum === records && names.every((name) => committed.get(name) === ends.get(name))) return
      await sleep(200)
    }
    throw new Error(`the worker told that all ${records} records are committed; the group has ${sum}`)
  } finally {
    await admin.close()
  }
}

function progressText({ kills, aborts, leaderKills, leaderPauses, zombies, transactions }: Tally): string {
  return `${transactions} commits, ${kills} kills, ${aborts} aborts, ${leaderKills} leaders killed, ${leaderPauses} paused, ${zombies} zombies`
}

function summary(verdict: TopicVerdict, tally: Tally): string[] {
  const recovered = [...tally.recovered].map(([code, times]) => `${times} ${code}`)
  return [
    `${verdict.missing} lost, ${verdict.duplicates} duplicated, ${verdict.abortedOrOpenNotVisible} aborted`,
    progressText(tally),
    `slowest start ${(tally.slowestStartMs / 1000).toFixed(1)} s`,
    ...(recovered.length === 0 ? [] : [`went on after ${recovered.join(', ')}`])
  ]
}
