import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { KafkaStreams, PlatformaticClient, type StreamsConfig } from '../../index.ts'
import { SelfKill } from './self-kill.ts'
import { storeLines } from './store-lines.ts'
import { takeoverTopology } from './topology.ts'

const help = `Runs the application that Java and TypeScript run in turns, over the same topics, until everything is committed.

  npm run takeover -- --app A --bootstrap 127.0.0.1:9092
  npm run takeover -- --app A --bootstrap 127.0.0.1:9092 --guarantee at_least_once --cache 0 --state /tmp/a

  --app A              application id; also begins the names of its topics
  --bootstrap H:P,...  brokers
  --guarantee G        exactly_once_v2 (default) or at_least_once
  --cache BYTES        write buffer of all stores; 0 forwards every update (default)
  --state DIR          state folder (default: a new one, deleted at the end, so that state is always restored)
  --engine E           auto (default), rocksdb, level or memory
  --commit MS          commit interval (default 200)
  --retention HOURS    how long windows are kept (default 48)
  --timeout SECONDS    give up after this time (default 120)
  --report             print one line of JSON at the end: records restored, and the stores' contents
  --kill-at POINT      kill the process there: "before step 3", "after step 5", "restore", ...
  --kill-after N       ... at the N-th commit, or restored store (default 0)
  --last-words FILE    ... and write there what was not committed
`

const engines = ['auto', 'rocksdb', 'level', 'memory'] as const
const guarantees = ['exactly_once_v2', 'at_least_once'] as const

function oneOf<T extends string>(name: string, allowed: readonly T[], value: string): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw new Error(`--${name} is ${allowed.join(' or ')}, not ${value}`)
  return found
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      app: { type: 'string' },
      bootstrap: { type: 'string' },
      guarantee: { type: 'string', default: 'exactly_once_v2' },
      cache: { type: 'string', default: '0' },
      state: { type: 'string' },
      engine: { type: 'string', default: 'auto' },
      commit: { type: 'string', default: '200' },
      retention: { type: 'string', default: '48' },
      timeout: { type: 'string', default: '120' },
      report: { type: 'boolean', default: false },
      'kill-at': { type: 'string', default: '' },
      'kill-after': { type: 'string', default: '0' },
      'last-words': { type: 'string', default: '' },
      help: { type: 'boolean', default: false }
    }
  })
  const { app, bootstrap } = values
  if (values.help || app === undefined || bootstrap === undefined) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const state = values.state ?? (await mkdtemp(join(tmpdir(), 'store-sku-takeover-')))
  const kill = new SelfKill(values['kill-at'], Number(values['kill-after']), values['last-words'])
  const log = (message: string) => process.stderr.write(`${message}\n`)
  let restored = 0
  const config: StreamsConfig = {
    applicationId: app,
    kafka: new PlatformaticClient({ brokers: bootstrap.split(',') }),
    stateDirectory: state,
    processingGuarantee: oneOf('guarantee', guarantees, values.guarantee),
    engine: oneOf('engine', engines, values.engine),
    commitIntervalMs: Number(values.commit),
    cacheMaxBytes: Number(values.cache),
    logger: { info: log, warn: log, error: log },
    onCommitPoint: kill.commitPoint,
    onRestore: (progress) => {
      if (progress.done) restored += progress.restored
      kill.restoreProgress(progress)
    }
  }
  const topology = takeoverTopology(app, {
    onUpdate: kill.updated,
    retentionHours: Number(values.retention)
  })
  const streams = new KafkaStreams(topology, config)
  await streams.start()
  try {
    await allCommitted(streams, Number(values.timeout))
    if (values.report) process.stdout.write(`${JSON.stringify({ restored, stores: storeLines(streams) })}\n`)
    return 0
  } finally {
    await streams.close({ leaveGroup: true })
    if (values.state === undefined) await rm(state, { recursive: true, force: true })
  }
}

async function allCommitted(streams: KafkaStreams, timeoutSeconds: number): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000
  for (let zeros = 0; zeros < 2; await setTimeout(100)) {
    if (Date.now() > deadline) throw new Error(`not done within ${timeoutSeconds} s`)
    const { records } = await Promise.race([streams.lag(), streams.finished.then(() => ({ records: 1 }))])
    zeros = streams.state === 'RUNNING' && records === 0 ? zeros + 1 : 0
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`error: ${error.message}\n`)
    process.exit(1)
  }
)
