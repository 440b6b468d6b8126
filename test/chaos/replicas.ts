import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaCluster, startCluster } from '../../deploy/local/cluster.ts'
import { PlatformaticClient } from '../../index.ts'
import type { CaseResult, ChaosCase, ChaosContext } from './case.ts'
import { checkDescription, checkOutputs, checkStores } from './replicas-check.ts'
import { ReplicasDriver } from './replicas-driver.ts'
import { ReplicasFeeder } from './replicas-feeder.ts'
import { replicaTopics } from './replicas-graph.ts'
import { makeReplicasPlan } from './replicas-plan.ts'
import { ReplicaProcess } from './replicas-process.ts'

const mostReplicas = 4
/** Beside the watchdog, which barks when nothing moves. */
const settleWithinMs = 600_000
const protocols = ['classic', 'streams'] as const

/** The application's replicas come and go, are killed, ended and frozen, and so are the brokers; nothing is lost or counted twice. */
export const replicas: ChaosCase = {
  name: 'replicas',
  describe: 'replicas started, ended, killed and frozen, brokers killed: nothing lost or counted twice',
  options: [
    { name: 'replicas-seconds', default: '600', describe: 'how long blows are dealt, under each protocol' },
    { name: 'replicas-partitions', default: '64', describe: 'of the topics; twice as many tasks' },
    { name: 'replicas-brokers', default: '3', describe: 'how many there are' },
    { name: 'replicas-session', default: '6000', describe: 'session timeout, ms' },
    { name: 'replicas-rate', default: '200', describe: 'events a second' },
    { name: 'replicas-protocols', default: protocols.join(','), describe: 'of the group' }
  ],

  async run(context) {
    const sessionTimeoutMs = context.number('replicas-session')
    const chosen = context.text('replicas-protocols').split(',')
    const brokers = context.number('replicas-brokers')
    const cluster = await context.phase(`replicas: start ${brokers} brokers`, () =>
      startCluster({
        directory: join(context.directory, 'brokers'),
        brokers,
        settings: {
          // by the group's members under the classic protocol, by the broker under the other
          'group.streams.session.timeout.ms': String(sessionTimeoutMs),
          'group.streams.heartbeat.interval.ms': '500',
          'group.streams.num.standby.replicas': '1'
        },
        onProgress: (message) => context.watchdog.touch(message)
      })
    )
    context.atEnd((failed) => cluster.stop({ wipe: !failed }))
    const results: CaseResult[] = []
    for (const protocol of protocols)
      if (chosen.includes(protocol)) results.push(...(await underBlows(context, cluster, protocol)))
    return results
  }
}

async function underBlows(
  context: ChaosContext,
  cluster: KafkaCluster,
  protocol: 'classic' | 'streams'
): Promise<CaseResult[]> {
  const partitions = context.number('replicas-partitions')
  const sessionTimeoutMs = context.number('replicas-session')
  const seconds = context.number('replicas-seconds')
  const prefix = `${protocol}-`
  const phase = <T>(name: string, action: () => Promise<T>) => context.phase(`${protocol}: ${name}`, action)
  const client = new PlatformaticClient({ brokers: cluster.bootstrap.split(',') })
  const feeder = new ReplicasFeeder(client, prefix, partitions, context.random(`${protocol} events`))
  const topics = replicaTopics(prefix, partitions)
  await phase('write the accounts', () => feeder.prepare())
  const fleet = Array.from({ length: mostReplicas }, (_, index) => {
    const name = `${protocol} replica ${index + 1}`
    const stateDirectory = join(context.directory, `${protocol}-${index + 1}`)
    return new ReplicaProcess(
      name,
      {
        brokers: cluster.bootstrap,
        prefix,
        partitions,
        protocol,
        sessionTimeoutMs,
        standbys: 1,
        stateDirectory
      },
      join(context.directory, `${protocol}-${index + 1}.log`),
      (line) => context.log(line)
    )
  })
  context.atEnd(async () => {
    await Promise.all(fleet.map((replica) => replica.close()))
  })
  const stopWatching = watch(context, fleet)
  const driver = new ReplicasDriver(context, cluster, fleet, {
    sessionTimeoutMs,
    topics: [...Object.values(topics).map(({ name }) => name), '__transaction_state', '__consumer_offsets']
  })
  context.watchdog.describeWith(() => driver.describe())
  await phase('start one replica', async () => {
    await driver.scaleTo(1, true)
    while ((fleet[0]?.status.running.length ?? 0) < 2 * partitions) await sleep(100)
  })
  feeder.start(context.number('replicas-rate'), (error) => context.watchdog.fail(error))
  const report = (message: string) => context.watchdog.touch(message)
  const description = await phase('ask Kafka’s own tools about the group', async () => {
    // so that every partition has a committed position
    while (feeder.written < 50 * partitions || (fleet[0]?.status.records ?? -1) < 0) await sleep(100)
    await sleep(2_000)
    const group = { bootstrap: cluster.bootstrap, group: `${prefix}app`, protocol, report }
    return checkDescription(group, [topics.events])
  })
  const plan = makeReplicasPlan(context.random(`${protocol} plan`), seconds, sessionTimeoutMs)
  await phase('blows', () => driver.run(plan))
  await feeder.stop()
  const last = fleet[0] as ReplicaProcess
  await phase('wait until everything is processed', () => settled(last, 2 * partitions))
  const stores = await phase('read the stores', () => last.dump())
  await last.finish(true)
  stopWatching()
  const outputs = await phase('read the outputs with the Java consumer', () =>
    checkOutputs({
      protocol,
      bootstrap: cluster.bootstrap,
      enriched: topics.enriched.name,
      totals: topics.totals.name,
      events: feeder.written,
      report
    })
  )
  return [
    description,
    ...outputs,
    ...checkStores(protocol, feeder.expected(), stores),
    zombies(protocol, driver),
    ends(protocol, driver, fleet)
  ]
}

/** Whatever a replica tells that is new is a sign of life. */
function watch(context: ChaosContext, fleet: readonly ReplicaProcess[]): () => void {
  let before = ''
  const timer = setInterval(() => {
    const standing = JSON.stringify(fleet.map(({ status }) => status))
    if (standing !== before) context.watchdog.touch()
    before = standing
  }, 1_000)
  return () => clearInterval(timer)
}

async function settled(replica: ReplicaProcess, tasks: number): Promise<void> {
  const end = performance.now() + settleWithinMs
  for (let quiet = 0; quiet < 3; await sleep(500)) {
    const { running, records } = replica.status
    quiet = running.length === tasks && records === 0 ? quiet + 1 : 0
    if (performance.now() > end)
      throw new Error(`${running.length} of ${tasks} tasks run, ${records} records are to be processed`)
  }
}

function zombies(protocol: string, { tally }: ReplicasDriver): CaseResult {
  return {
    name: `${protocol}: zombies`,
    // a short time may have no freeze among its blows
    passed: tally.zombies > 0 && tally.reportedZombies === tally.zombies,
    details: `${tally.zombies} frozen for twice the session timeout, ${tally.reportedZombies} said that they were fenced`
  }
}

/** Who was frozen may end when it is fenced; nobody else may end by itself. */
function ends(protocol: string, { tally }: ReplicasDriver, fleet: readonly ReplicaProcess[]): CaseResult {
  const own = fleet.flatMap(({ name, ownEnds }) => ownEnds.map((words) => `${name} ended: ${words}`))
  const { scalings, kills, terms, brokerKills } = tally
  const warnings = fleet.reduce((sum, replica) => sum + replica.warnings.length, 0)
  const blows = `${scalings} scalings, ${kills} kills, ${terms} orderly restarts, ${brokerKills} brokers killed, ${warnings} warnings`
  return {
    name: `${protocol}: processes`,
    passed: own.length === 0,
    details: [...own.slice(0, 3), blows].join('; ')
  }
}
