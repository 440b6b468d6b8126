import { spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, it } from 'vitest'
import { PlatformaticClient } from '../../index.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { server } from '../sinks/servers.ts'
import { IngestFixture, once, salesCsv, salesRows, until } from './ingest-fixture.ts'
import type { WorkerSettings } from './ingest-worker.ts'

const plain = '1/1997-01.csv'
const zipped = '1/1997-02.csv.gz'
const rows = 60_000

let fixture: IngestFixture

afterEach(() => fixture.close())

/** Runs an ingest in a process of its own and kills it when so many rows are read. */
async function killedAt(rowsRead: number): Promise<void> {
  const settings: WorkerSettings = {
    id: fixture.id,
    brokers: server('KAFKA_BROKERS'),
    s3Endpoint: server('S3_ENDPOINT'),
    stateDirectory: fixture.stateDirectory
  }
  const worker = spawn(
    process.execPath,
    [join(import.meta.dirname, 'ingest-worker.ts'), JSON.stringify(settings)],
    {
      stdio: ['ignore', 'pipe', 'inherit']
    }
  )
  const ended = event(worker, 'exit')
  worker.stdout.setEncoding('utf8').on('data', (text: string) => {
    const last = text.trimEnd().split('\n').at(-1) ?? '{}'
    if ((JSON.parse(last) as Ingest['progress']).rows >= rowsRead) worker.kill('SIGKILL')
  })
  expect((await ended)[1]).toBe('SIGKILL')
}

it('reads each row once, read committed, though it is killed in the middle again and again', async () => {
  fixture = await IngestFixture.open({
    kafka: new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') })
  })
  await fixture.put(plain, salesCsv(rows))
  await fixture.put(zipped, gzipSync(salesCsv(rows, 1_000_000)))
  // the events are there before the first process is
  await fixture.announceWithout([plain, zipped])
  await killedAt(10_000)
  await killedAt(40_000)
  // a machine that is lost, and its state with it
  await rm(fixture.stateDirectory, { recursive: true })
  const opened: number[] = []
  fixture.objectStore.onBody = (body, from) => {
    opened.push(from)
    return body
  }
  await fixture.start()
  await until(
    async () =>
      (await fixture.last(zipped))?.state === 'done' && (await fixture.last(plain))?.state === 'done',
    60_000
  )
  await fixture.finished()
  expect(await fixture.rawText(plain)).toBe(salesRows(rows))
  expect(await fixture.rawText(zipped)).toBe(salesRows(rows, 1_000_000))
  expect(await fixture.balance(plain)).toEqual(once(salesRows(rows)))
  for (const key of [plain, zipped]) expect(await fixture.last(key)).toMatchObject({ rows, revision: 1 })
  // what is not compressed goes on where it was, unless it was done before
  expect(opened.filter((from) => from === 0).length).toBeLessThanOrEqual(1)
}, 120_000)
