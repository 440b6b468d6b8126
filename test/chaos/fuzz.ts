import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bucketOf } from '../../bin/buckets.ts'
import { objectStoreCredentials } from '../../deploy/local/services.ts'
import { PlatformaticClient } from '../../index.ts'
import { ObjectStore } from '../../ingest/object-store.ts'
import type { CaseResult, ChaosCase, ChaosContext } from './case.ts'
import { checkEvents, checkFiles, checkRecords, sinkRefusals, verdict } from './fuzz-check.ts'
import { FuzzQueue, fuzzNotification } from './fuzz-events.ts'
import { fuzzBuckets, fuzzFile } from './fuzz-files.ts'
import { exchange, fuzzRequest, upload } from './fuzz-http.ts'
import { FuzzProcess } from './fuzz-process.ts'
import { untilQuiet } from './fuzz-quiet.ts'
import { FuzzRecords } from './fuzz-records.ts'
import { LedgerServices, queueName } from './ledger-services.ts'

const mostRetries = 5
const retryMs = 1_000

/** Of what was sent, by what came back, e.g. `upload 201`. */
type Answers = Map<string, number>

interface Scene {
  readonly context: ChaosContext
  readonly target: FuzzProcess
  readonly store: ObjectStore
  readonly queue: FuzzQueue
  readonly records: FuzzRecords
  readonly answers: Answers
  /** `bucket/key` of all that was put. */
  readonly files: Set<string>
  /** Answers that are none. */
  readonly faults: string[]
  slowestAnswerMs: number
}

/** Whatever is sent to the retail system, it goes on, answers, keeps its memory within a bound, and says what became of each thing. */
export const fuzz: ChaosCase = {
  name: 'fuzz',
  describe: 'spoiled files, events, requests and records: each is answered for, and the process lives',
  options: [
    { name: 'fuzz-seconds', default: '600', describe: 'how long it is sent to' },
    { name: 'fuzz-rss-mib', default: '1536', describe: 'most resident memory after the first third, MiB' }
  ],

  async run(context) {
    const services = new LedgerServices(join(context.directory, 'services'))
    context.atEnd(() => services.end())
    const addresses = await context.phase('fuzz: start services', () => services.start())
    const kafka = new PlatformaticClient({ brokers: addresses.kafkaBrokers.split(',') })
    const store = new ObjectStore({ endpoint: addresses.s3Endpoint, credentials: objectStoreCredentials })
    for (const bucket of fuzzBuckets) await store.ensureBucket(bucketOf(bucket).bucket)
    const queueUrl = `${addresses.sqsEndpoint}/000000000000/${queueName}`
    const target = await context.phase('fuzz: start store-sku run', () =>
      FuzzProcess.start({ ...addresses, queueUrl }, context.directory, () => context.watchdog.touch())
    )
    context.atEnd(() => target.stop())
    const records = await FuzzRecords.open(kafka)
    const queue = new FuzzQueue(addresses.sqsEndpoint, queueUrl)
    context.atEnd(async () => {
      queue.close()
      store.close()
      await records.close()
    })
    const scene: Scene = {
      context,
      target,
      store,
      queue,
      records,
      answers: new Map(),
      files: new Set(),
      faults: [],
      slowestAnswerMs: 0
    }
    await context.phase('fuzz: send', () => send(scene, context.number('fuzz-seconds')))
    const memory = judgeMemory(target.rss, context.number('fuzz-rss-mib'))
    await context.phase('fuzz: wait until everything has arrived', () =>
      untilQuiet(context, kafka, target, queue)
    )
    const left = await queue.left()
    return await context.phase('fuzz: compare', async () => {
      await target.stop()
      const { faults, answers, slowestAnswerMs } = scene
      if (!answers.has('upload 201')) faults.push('no upload was taken')
      const refusals = await sinkRefusals(kafka)
      const told = [...answers].sort().map(([what, times]) => `${what}: ${times}`)
      context.log(`answers: ${told.join(', ')}; sinks refused ${refusals} records, with reasons`)
      const probes = `slowest probe ${Math.round(target.slowestProbeMs)} ms`
      return [
        verdict('process', target.faults, `it lived, was well and stopped when it was told to; ${probes}`),
        memory,
        verdict(
          'answers',
          faults,
          `${total(answers)} requests, the slowest answer ${Math.round(slowestAnswerMs)} ms`
        ),
        verdict('parsing', queue.faults, `${queue.sent} messages`),
        await checkEvents(queue.bad, { sent: queue.sent, refused: queue.refused, left }, kafka),
        ...(await checkFiles(scene.files, { ...addresses, kafka })),
        await checkRecords(kafka)
      ]
    })
  }
}

async function send(scene: Scene, seconds: number): Promise<void> {
  const { context, target } = scene
  const began = performance.now()
  const goesOn = () => performance.now() - began < seconds * 1000 && target.faults.length === 0
  const flow = async (pauseMs: number, act: (number: number) => Promise<void>) => {
    for (let number = 1; goesOn(); number++) {
      await act(number)
      context.watchdog.touch(`${scene.files.size} files, ${total(scene.answers)} answers`)
      context.bars.update(
        'fuzz',
        Math.round((performance.now() - began) / 1000),
        seconds,
        `${scene.files.size} files`
      )
      await sleep(pauseMs)
    }
  }
  await Promise.all([
    files(scene, flow),
    events(scene, flow),
    records(scene, flow),
    // slow ones wait for the server's patience to end, beside the others
    ...Array.from({ length: 6 }, (_, lane) => requests(scene, flow, lane))
  ])
}

type Flow = (pauseMs: number, act: (number: number) => Promise<void>) => Promise<void>

/** Into the bucket, told by an event or left to the scan; or through the upload. */
function files(
  { context, store, target, queue, answers, files: put, ...scene }: Scene,
  flow: Flow
): Promise<void> {
  const random = context.random('fuzz-files')
  return flow(200, async (number) => {
    const file = fuzzFile(random, number)
    if (random.chance(0.4)) {
      let status = await upload(target, file)
      // what failed for now is to be sent again
      for (let again = 0; status === 503 && again < mostRetries; again++) {
        count(answers, 'upload 503')
        await sleep(retryMs)
        status = await upload(target, file)
      }
      count(answers, `upload ${status}`)
      if (status === 201) put.add(`${file.bucket}/${file.key}`)
      else if (status >= 500) scene.faults.push(`upload of ${file.key}: ${status}`)
      return
    }
    await store.put(file.bucket, file.key, file.content)
    put.add(`${file.bucket}/${file.key}`)
    if (random.chance(0.5)) await queue.send(created(file.bucket, file.key))
  })
}

function created(bucket: string, key: string): string {
  const object = { key: encodeURIComponent(key) }
  return JSON.stringify({
    Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object } }]
  })
}

function events({ context, queue }: Scene, flow: Flow): Promise<void> {
  const random = context.random('fuzz-events')
  return flow(100, () => queue.send(fuzzNotification(random, `f${random.below(6)}/${random.below(500)}.csv`)))
}

function records({ context, records: written }: Scene, flow: Flow): Promise<void> {
  const random = context.random('fuzz-records')
  return flow(50, () => written.write(random))
}

function requests(scene: Scene, flow: Flow, lane: number): Promise<void> {
  const { context, target, answers, faults } = scene
  const random = context.random(`fuzz-requests-${lane}`)
  return flow(100, async () => {
    const request = fuzzRequest(random, target)
    try {
      const { status, ms } = await exchange(request)
      count(answers, `${request.what} ${status ?? 'hung up'}`)
      if (status !== undefined && (status < 200 || status >= 500) && status !== 503 && status !== 505)
        faults.push(`${request.what}: ${status} for ${request.pieces[0]?.toString('latin1').slice(0, 300)}`)
      if (request.withinMs === undefined) scene.slowestAnswerMs = Math.max(scene.slowestAnswerMs, ms)
    } catch (error) {
      faults.push((error as Error).message)
    }
  })
}

/** What is resident after the first third stays below the bound; whether it grew is for the reader of the details. */
function judgeMemory(rss: readonly number[], mostMib: number): CaseResult {
  const third = Math.floor(rss.length / 3)
  const most = (samples: readonly number[]) => Math.round(Math.max(0, ...samples) / 1024 ** 2)
  const [first, second, last] = [rss.slice(0, third), rss.slice(third, 2 * third), rss.slice(2 * third)].map(
    most
  )
  const thirds = `${first}, ${second}, ${last} MiB at most in each third of the time, of ${mostMib}`
  const problems = Math.max(second ?? 0, last ?? 0) > mostMib || rss.length === 0 ? [thirds] : []
  return verdict('memory', problems, thirds)
}

function count(answers: Answers, what: string): void {
  answers.set(what, (answers.get(what) ?? 0) + 1)
}

function total(answers: Answers): number {
  return [...answers.values()].reduce((sum, times) => sum + times, 0)
}
