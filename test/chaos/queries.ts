import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCluster } from '../../deploy/local/cluster.ts'
import { choosePort } from '../../deploy/local/ports.ts'
import { PlatformaticClient } from '../../index.ts'
import type { CaseResult, ChaosCase, ChaosContext } from './case.ts'
import { newTally, QueryClient } from './query-client.ts'
import { ReplicasFeeder } from './replicas-feeder.ts'
import { accountCount } from './replicas-graph.ts'
import { ReplicaProcess } from './replicas-process.ts'

const prefix = 'queries-'
const partitions = 8
const replicaCount = 3
const sessionTimeoutMs = 6_000
/** A replica is down for longer than its session, so that its place is given away. */
const downMs = 10_000
const settleWithinMs = 120_000

interface Fleet {
  readonly replicas: readonly ReplicaProcess[]
  readonly ports: readonly number[]
}

/** Interactive queries (KIP-67, KIP-535) while replicas are killed: no answer is wrong, and none is missing without a word. */
export const queries: ChaosCase = {
  name: 'queries',
  describe: 'queries over 3 replicas, of which one after the other is killed: no wrong answer',
  options: [
    { name: 'queries-kills', default: '3', describe: 'how often a replica is killed' },
    { name: 'queries-askers', default: '4', describe: 'questions under way at once' }
  ],

  async run(context) {
    const cluster = await context.phase('queries: start a broker', () =>
      startCluster({
        directory: join(context.directory, 'brokers'),
        brokers: 1,
        onProgress: (message) => context.watchdog.touch(message)
      })
    )
    context.atEnd((failed) => cluster.stop({ wipe: !failed }))
    const client = new PlatformaticClient({ brokers: cluster.bootstrap.split(',') })
    const feeder = new ReplicasFeeder(client, prefix, partitions, context.random('events'))
    await feeder.prepare()
    const fleet = await makeFleet(context, cluster.bootstrap)
    context.atEnd(async () => {
      await feeder.stop().catch(() => undefined)
      await Promise.all(fleet.replicas.map((replica) => replica.close()))
    })
    await context.phase('queries: start the replicas', async () => {
      await Promise.all(fleet.replicas.map((replica) => replica.start()))
      await settled(fleet)
    })
    feeder.start(500, (error) => context.watchdog.fail(error))
    await sleep(2_000)
    const asked = await context.phase('queries: ask while replicas are killed', () =>
      askUnderKills(context, fleet, feeder)
    )
    await feeder.stop()
    const last = await context.phase('queries: ask for every total', () => askForAll(fleet, feeder))
    return [...asked, last]
  }
}

async function makeFleet(context: ChaosContext, brokers: string): Promise<Fleet> {
  const ports: number[] = []
  for (let index = 0; index < replicaCount; index++) ports.push(await choosePort())
  const replicas = ports.map((httpPort, index) => {
    const place = join(context.directory, `replica-${index + 1}`)
    const settings = {
      brokers,
      prefix,
      partitions,
      protocol: 'classic',
      sessionTimeoutMs,
      standbys: 1,
      stateDirectory: place,
      httpPort
    } as const
    return new ReplicaProcess(`replica ${index + 1}`, settings, `${place}.log`, (line) => context.log(line))
  })
  return { replicas, ports }
}

/** Until all replicas answer, and all tasks run and have a copy. */
async function settled({ replicas }: Fleet): Promise<void> {
  const sum = (count: (replica: ReplicaProcess) => number) =>
    replicas.reduce((total, replica) => total + count(replica), 0)
  for (let waited = 0; waited < settleWithinMs; waited += 100) {
    const running = sum(({ status }) => status.running.length)
    const copies = sum(({ status }) => status.copies)
    if (replicas.every(({ answers }) => answers) && running === 2 * partitions && copies >= partitions) return
    await sleep(100)
  }
  throw new Error('the replicas do not settle')
}

async function askUnderKills(
  context: ChaosContext,
  fleet: Fleet,
  feeder: ReplicasFeeder
): Promise<CaseResult[]> {
  const tally = newTally()
  const random = context.random('questions')
  const client = new QueryClient(tally)
  const seen = new Map<number, number>()
  let over = false
  /** Of the replica that is being killed, or is not back yet. */
  let down: number | undefined
  const began = performance.now()
  const askers = Array.from({ length: context.number('queries-askers') }, async () => {
    while (!over) {
      const account = random.below(accountCount)
      const port = random.pick(fleet.ports)
      const bounds = {
        atLeast: seen.get(account) ?? 0,
        atMost: () => feeder.countOf(account),
        maySilent: () => port === down
      }
      const count = await client.ask(port, account, random.chance(0.5), bounds)
      if (count !== undefined) seen.set(account, Math.max(count, seen.get(account) ?? 0))
    }
  })
  for (let kill = 0; kill < context.number('queries-kills'); kill++) {
    const replica = random.pick(fleet.replicas)
    context.log(`${replica.name} is killed for ${downMs} ms`)
    down = fleet.ports[fleet.replicas.indexOf(replica)]
    await replica.kill()
    await sleep(downMs)
    await replica.start()
    await settled(fleet)
    down = undefined
    context.watchdog.touch()
    await sleep(2_000)
  }
  over = true
  await Promise.all(askers)
  client.close()
  const seconds = (performance.now() - began) / 1_000
  const sorted = tally.latencies.sort((a, b) => a - b)
  const quantile = (share: number) => (sorted[Math.floor(share * sorted.length)] ?? Number.NaN).toFixed(1)
  const { owners, copies, mostLag, unavailable, unreachable, wrong } = tally
  return [
    {
      name: 'queries: answers',
      passed: wrong.length === 0 && owners > 0,
      details:
        `${owners} of owners, ${wrong.length} wrong; ${(sorted.length / seconds).toFixed(0)} a second, ` +
        `p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, p99.9 ${quantile(0.999)} ms; ${wrong.slice(0, 3).join('; ')}`
    },
    {
      name: 'queries: stale answers',
      passed: copies > 0,
      details: `${copies} of copies, which lacked at most ${mostLag} records`
    },
    {
      name: 'queries: unavailable',
      passed: unavailable > 0,
      details: `${unavailable} answers said which task and until when; ${unreachable} times the replica asked was down`
    }
  ]
}

/** With nothing under way, each replica gives each total to the last cent. */
async function askForAll({ ports }: Fleet, feeder: ReplicasFeeder): Promise<CaseResult> {
  const tally = newTally()
  const client = new QueryClient(tally)
  const total = Array.from({ length: accountCount }, (_, account) => feeder.countOf(account))
  const deadline = performance.now() + settleWithinMs
  let right = 0
  while (right < accountCount * ports.length && performance.now() < deadline) {
    right = 0
    for (const port of ports)
      for (const [account, count] of total.entries()) {
        const found = await client.ask(port, account, false, {
          atLeast: 0,
          atMost: () => count,
          maySilent: () => false
        })
        if (found === count) right++
      }
  }
  client.close()
  return {
    name: 'queries: all totals in the end',
    passed: right === accountCount * ports.length && tally.wrong.length === 0,
    details: `${right} of ${accountCount * ports.length} as written; ${tally.wrong.slice(0, 3).join('; ')}`
  }
}
