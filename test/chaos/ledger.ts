import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bucketOf } from '../../bin/buckets.ts'
import { objectStoreCredentials } from '../../deploy/local/services.ts'
import { PlatformaticClient } from '../../index.ts'
import { ObjectStore } from '../../ingest/object-store.ts'
import type { CaseResult, ChaosCase, ChaosContext } from './case.ts'
import { checkLedger } from './ledger-check.ts'
import { bucketOfCountry, ledgerCountries, makeLedgerData } from './ledger-data.ts'
import { isExcused, type Outage } from './ledger-ends.ts'
import { LedgerFeeder } from './ledger-feeder.ts'
import { type LedgerBlow, type LedgerRole, makeLedgerPlan } from './ledger-plan.ts'
import { LedgerProcess } from './ledger-process.ts'
import { LedgerServices, queueName } from './ledger-services.ts'

/** A process that cannot start while a service is away is killed all the same. */
const startWaitMs = 40_000
/** Beside the watchdog, which barks when nothing moves. */
const arrivalTimeoutMs = 600_000
const archive = 'store-sku-archive'
const shownEnds = 5

interface Scene {
  readonly context: ChaosContext
  readonly services: LedgerServices
  readonly processes: Readonly<Record<LedgerRole, LedgerProcess>>
  readonly feeder: LedgerFeeder
  readonly outages: Outage[]
}

/** The retail system whole, killed and robbed of its services while files come in, must show the files' totals everywhere. */
export const ledger: ChaosCase = {
  name: 'ledger',
  describe: 'the retail system killed, its services stopped in between: every file counted once',
  options: [{ name: 'ledger-kills', default: '20', describe: 'how often a process is killed' }],

  async run(context) {
    const began = performance.now()
    const services = new LedgerServices(join(context.directory, 'services'))
    context.atEnd(() => services.end())
    const addresses = await context.phase('ledger: start services', () => services.start())
    const buckets = ledgerCountries.map((country) => bucketOf(bucketOfCountry(country)))
    const store = new ObjectStore({ endpoint: addresses.s3Endpoint, credentials: objectStoreCredentials })
    const queueUrl = `${addresses.sqsEndpoint}/000000000000/${queueName}`
    const data = makeLedgerData(context.random('ledger-data'))
    const feeder = new LedgerFeeder(data, store, { endpoint: addresses.sqsEndpoint, url: queueUrl })
    context.atEnd(async () => {
      feeder.close()
      store.close()
    })
    for (const { bucket } of buckets) await store.ensureBucket(bucket)
    await feeder.putReferences()
    const process = (role: LedgerRole): LedgerProcess => {
      const stateDirectory = join(context.directory, `${role}-state`)
      const { kafkaBrokers: brokers, ...rest } = addresses
      return new LedgerProcess(
        { role, brokers, ...rest, queueUrl, buckets, archive, stateDirectory },
        join(context.directory, `${role}.log`),
        (line) => context.log(line)
      )
    }
    const processes = { ingest: process('ingest'), graph: process('graph') }
    context.atEnd(async () => {
      await Promise.all([processes.ingest.close(), processes.graph.close()])
    })
    const scene: Scene = { context, services, processes, feeder, outages: [] }
    const plan = makeLedgerPlan(context.random('ledger-plan'), context.number('ledger-kills'))
    await context.phase('ledger: kill and stop, while files come in', () => breakAll(scene, plan))
    await context.phase('ledger: wait until everything has arrived', () => untilQuiet(scene))
    const kafka = new PlatformaticClient({ brokers: addresses.kafkaBrokers.split(',') })
    const results = await context.phase('ledger: compare', () =>
      checkLedger({ store, buckets, kafka, ...addresses }, data.files)
    )
    const corrected = data.files.filter(({ versions }) => versions.length > 1)
    const corrections = corrected.reduce((sum, { versions }) => sum + versions.length - 1, 0)
    const { ingest, graph } = processes
    const details = [
      `${ingest.kills + graph.kills} kills (${graph.kills} of the graph)`,
      `${plan.filter(({ kind }) => kind === 'outage').length} services stopped and started`,
      `${ingest.restarts + graph.restarts} restarts (${ingest.ownEnds.length + graph.ownEnds.length} after ends of their own)`,
      `${data.files.length} files, ${corrected.length} corrected ${corrections} times`,
      `${feeder.announced} announcements, ${feeder.lost} lost`,
      `${Math.round((performance.now() - began) / 1000)} s`
    ].join(', ')
    return [
      { name: 'everything arrived', passed: true, details } satisfies CaseResult,
      judgeEnds(scene),
      ...results
    ]
  }
}

/** A process that lacks a service may end, to be started again; nothing else may end one. */
function judgeEnds({ processes, outages }: Scene): CaseResult {
  const ends = [...processes.ingest.ownEnds, ...processes.graph.ownEnds]
  const faults = ends.filter((end) => !isExcused(end, outages)).map(({ code, words }) => `${words} (${code})`)
  const excused = `${ends.length - faults.length} ended because a service was away`
  return {
    name: 'processes',
    passed: faults.length === 0,
    details: [...faults.slice(0, shownEnds), excused].join('; ')
  }
}

async function breakAll(scene: Scene, plan: readonly LedgerBlow[]): Promise<void> {
  const { context, services, processes, feeder, outages } = scene
  await Promise.all([processes.ingest.start(), processes.graph.start()])
  const returns: Promise<void>[] = []
  for (const [index, blow] of plan.entries()) {
    context.bars.update('blows', index, plan.length, `${feeder.fed} steps fed`)
    feeder.feedTo((index + 1) / plan.length)
    if (blow.kind === 'outage') {
      context.log(`${blow.service} is stopped for ${blow.downMs} ms`)
      context.watchdog.touch(`${blow.service} is stopped`)
      const outage: Outage = { from: performance.now(), to: Number.POSITIVE_INFINITY }
      outages.push(outage)
      await services.stop(blow.service)
      const back = sleep(blow.downMs).then(() => services.startAgain(blow.service))
      back.then(
        () => {
          outage.to = performance.now()
          context.log(`${blow.service} is back`)
        },
        (error: Error) => context.watchdog.fail(error)
      )
      returns.push(back)
      continue
    }
    const target = processes[blow.role]
    const started = blow.early || (await target.untilStarted(startWaitMs))
    await sleep(blow.afterMs)
    context.log(`the ${blow.role} is killed${blow.early || !started ? ' while it starts' : ''}`)
    context.watchdog.touch(`the ${blow.role} is killed`)
    await target.kill()
  }
  await Promise.all(returns)
  await feeder.finish()
}

/** The files are read, and then the graph and the sinks have done everything; twice in a row, because what was held back comes after all else. */
async function untilQuiet({ context, processes, feeder }: Scene): Promise<void> {
  const end = performance.now() + arrivalTimeoutMs
  let before = ''
  for (let quiet = 0; quiet < 2; ) {
    const ingest = await processes.ingest.ask()
    const messages = await feeder.messagesLeft()
    const graph = await processes.graph.ask()
    const standing = [
      ingest?.details ?? 'the ingest does not answer',
      `${messages} messages are in the queue`,
      graph?.details ?? 'the graph does not answer'
    ].join('; ')
    if (standing !== before) context.watchdog.touch(standing)
    before = standing
    context.bars.update('quiet', quiet, 2, standing)
    quiet = ingest?.quiet === true && messages === 0 && graph?.quiet === true ? quiet + 1 : 0
    if (performance.now() > end)
      throw new Error(`not everything arrived within ${arrivalTimeoutMs / 1000} s: ${standing}`)
    await sleep(1_000)
  }
}
