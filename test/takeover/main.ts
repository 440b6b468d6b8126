import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { KafkaStreams, PlatformaticClient } from '../../index.ts'
import { takeoverTopology } from './topology.ts'

const help = `Runs the application that Java and TypeScript run in turns, over the same topics, until everything is committed.

  npm run takeover -- --app A --bootstrap 127.0.0.1:9092
  npm run takeover -- --app A --bootstrap 127.0.0.1:9092 --guarantee at_least_once --cache 0 --state /tmp/a

  --app A              application id; also begins the names of its topics
  --bootstrap H:P,...  brokers
  --guarantee G        exactly_once_v2 (default) or at_least_once
  --cache BYTES        write buffer of all stores; 0 forwards every update (default)
  --state DIR          state folder (default: a new one, deleted at the end, so that state is always restored)
  --timeout SECONDS    give up after this time (default 120)
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      app: { type: 'string' },
      bootstrap: { type: 'string' },
      guarantee: { type: 'string', default: 'exactly_once_v2' },
      cache: { type: 'string', default: '0' },
      state: { type: 'string' },
      timeout: { type: 'string', default: '120' },
      help: { type: 'boolean', default: false }
    }
  })
  const { app, bootstrap, guarantee } = values
  if (values.help || app === undefined || bootstrap === undefined) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  if (guarantee !== 'exactly_once_v2' && guarantee !== 'at_least_once')
    throw new Error(`--guarantee is exactly_once_v2 or at_least_once, not ${guarantee}`)
  const state = values.state ?? (await mkdtemp(join(tmpdir(), 'store-sku-takeover-')))
  const log = (message: string) => process.stderr.write(`${message}\n`)
  const streams = new KafkaStreams(takeoverTopology(app), {
    applicationId: app,
    kafka: new PlatformaticClient({ brokers: bootstrap.split(',') }),
    stateDirectory: state,
    processingGuarantee: guarantee,
    commitIntervalMs: 200,
    cacheMaxBytes: Number(values.cache),
    logger: { info: log, warn: log, error: log }
  })
  await streams.start()
  try {
    const deadline = Date.now() + Number(values.timeout) * 1000
    for (let zeros = 0; zeros < 2; await setTimeout(200)) {
      if (Date.now() > deadline) throw new Error(`not done within ${values.timeout} s`)
      const { records } = await Promise.race([streams.lag(), streams.finished.then(() => ({ records: 1 }))])
      zeros = streams.state === 'RUNNING' && records === 0 ? zeros + 1 : 0
    }
    return 0
  } finally {
    await streams.close({ leaveGroup: true })
    if (values.state === undefined) await rm(state, { recursive: true, force: true })
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`error: ${error.message}\n`)
    process.exit(1)
  }
)
