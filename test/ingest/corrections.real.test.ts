import { PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { IngestOptions } from '../../ingest/ingest.ts'
import {
  credentials,
  cutAfter,
  header,
  IngestFixture,
  once,
  salesCsv,
  salesRows,
  until
} from './ingest-fixture.ts'
import { startOptional } from './optional-services.ts'

const january = '1/1997-01.csv'
/** Several chunks, and another number of them than its correction. */
const rows = salesRows(6_000)
const correctedRows = salesRows(2_000) + salesRows(100, 100_000)
const original = `${header}\n${rows}`
const corrected = `${header}\n${correctedRows}`

let s3mock: Awaited<ReturnType<typeof startOptional<'s3mock'>>>
let fixture: IngestFixture

beforeAll(async () => {
  s3mock = await startOptional('s3mock')
})
afterAll(() => s3mock.stop())
afterEach(() => fixture.close())

async function withVersions(): Promise<Partial<IngestOptions>> {
  const endpoint = s3mock.addresses.s3mockEndpoint
  fixture = await IngestFixture.open({ store: { endpoint } })
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  const enabled = { Status: 'Enabled' } as const
  await client.send(new PutBucketVersioningCommand({ Bucket: fixture.us, VersioningConfiguration: enabled }))
  client.destroy()
  return {}
}

async function withArchive(): Promise<Partial<IngestOptions>> {
  fixture = await IngestFixture.open()
  return { archive: fixture.archive }
}

async function withNeither(): Promise<Partial<IngestOptions>> {
  fixture = await IngestFixture.open()
  return {}
}

async function states(): Promise<unknown[][]> {
  return (await fixture.states(january)).map(({ state, revision, rows }) => [state, revision, rows])
}

describe.each([
  ['the bucket’s versions', withVersions],
  ['an archive', withArchive]
])('with %s', (_, open) => {
  it('takes a former version back, adds the new one, and back again', async () => {
    await startWith(open)
    await fixture.put(january, original)
    await fixture.scanned()
    await fixture.put(january, corrected)
    await fixture.scanned()
    expect(await fixture.balance(january)).toEqual(once(correctedRows))
    await fixture.put(january, original)
    await fixture.scanned()
    expect(await fixture.balance(january)).toEqual(once(rows))
    expect((await states()).filter((one) => one[0] === 'done')).toEqual([
      ['done', 1, 6_000],
      ['done', 2, 2_100],
      ['done', 3, 6_000]
    ])
    const chunks = await fixture.chunks(january)
    const runs = chunks.map(({ revision, sign }) => `${revision}:${sign}`)
    expect(runs.filter((run, i) => run !== runs[i - 1])).toEqual(['1:1', '1:-1', '2:1', '2:-1', '3:1'])
  })

  it('goes on with the new version when a file is replaced while it is read', async () => {
    await startWith(open)
    await fixture.put(january, original)
    const replaced = Promise.withResolvers<void>()
    fixture.objectStore.onBody = (body) => cutAfter(body, 200_000, () => replaced.promise)
    await fixture.announce(january)
    await until(async () => (await fixture.chunks(january)).length >= 2)
    fixture.objectStore.onBody = (body) => body
    const { etag } = await fixture.put(january, corrected)
    await fixture.announce(january, { etag })
    await fixture.finished()
    replaced.resolve()
    expect(await fixture.balance(january)).toEqual(once(correctedRows))
    expect(await fixture.last(january)).toMatchObject({ state: 'done', revision: 2, rows: 2_100 })
  })

  it('reads a file to its end that is removed meanwhile, and takes it back only if told to', async () => {
    const options = await open()
    await fixture.start({ ...options })
    await fixture.running()
    await fixture.put(january, original)
    fixture.objectStore.onBody = (body, from) =>
      from > 0
        ? body
        : cutAfter(body, 200_000, async () => {
            await fixture.objectStore.delete(fixture.us, january)
            await fixture.announce(january, { kind: 'removed' })
            throw new Error('connection reset')
          })
    await fixture.announce(january)
    await until(async () => (await fixture.last(january))?.state === 'removed')
    await fixture.finished()
    expect(await fixture.balance(january)).toEqual(once(rows))
    expect(await fixture.last(january)).toMatchObject({ state: 'removed', rows: 6_000, reason: null })
    await fixture.stop()

    await fixture.start({ ...options, onRemoved: 'retract' })
    await fixture.running()
    await fixture.announce(january, { kind: 'removed' })
    await until(async () => (await fixture.balance(january)).size === 0)
    await fixture.finished()
    expect(await fixture.last(january)).toMatchObject({ state: 'removed', rows: 0 })
    fixture.objectStore.onBody = (body) => body
    await fixture.put(january, corrected)
    await fixture.scanned()
    expect(await fixture.balance(january)).toEqual(once(correctedRows))
  })

  it('leaves the former rows when the correction cannot be read', async () => {
    await startWith(open)
    await fixture.put(january, original)
    await fixture.scanned()
    await fixture.put(january, 'a,b\n1,2\n')
    await fixture.scanned()
    expect(await fixture.balance(january)).toEqual(once(rows))
    expect(await fixture.last(january)).toMatchObject({ state: 'rejected', revision: 1, rows: 6_000 })
    await fixture.put(january, corrected)
    await fixture.scanned()
    expect(await fixture.balance(january)).toEqual(once(correctedRows))
  })
})

describe('with neither', () => {
  it('rejects a correction and says why; the former version is known when it comes back', async () => {
    await startWith(withNeither)
    await fixture.put(january, original)
    await fixture.scanned()
    await fixture.put(january, corrected)
    await fixture.scanned()
    expect(await fixture.balance(january)).toEqual(once(rows))
    expect(await fixture.last(january)).toMatchObject({
      state: 'rejected',
      revision: 1,
      rows: 6_000,
      reason: expect.stringContaining(
        "can be had neither from the bucket's versions nor from an archive, so 6000 rows"
      )
    })
    await fixture.put(january, original)
    await fixture.scanned()
    expect(await fixture.last(january)).toMatchObject({
      state: 'done',
      revision: 1,
      rows: 6_000,
      reason: null
    })
    expect(await fixture.balance(january)).toEqual(once(rows))
  })

  it('rejects a file that vanishes or is replaced in the middle, and says how many rows stand', async () => {
    await startWith(withNeither)
    const breakAfter = (bytes: number, then: () => Promise<unknown>) => {
      fixture.objectStore.onBody = (body) =>
        cutAfter(body, bytes, async () => {
          await until(async () => (await fixture.records(fixture.topics.rawCsv)).length >= 2)
          await then()
          throw new Error('connection reset')
        })
    }
    await fixture.put(january, original)
    breakAfter(200_000, () => fixture.objectStore.delete(fixture.us, january))
    await fixture.announce(january)
    await fixture.finished()
    const gone = await fixture.last(january)
    expect(gone).toMatchObject({ state: 'rejected', reason: 'it is gone', revision: 1 })
    expect(gone?.rows).toBe((await fixture.balance(january)).size)
    expect(gone?.rows).toBeGreaterThan(1_000)

    const february = '1/1997-02.csv'
    await fixture.put(february, salesCsv(6_000))
    breakAfter(200_000, () => fixture.put(february, corrected))
    await fixture.announce(february)
    await fixture.finished()
    expect(await fixture.last(february)).toMatchObject({
      state: 'rejected',
      reason: expect.stringContaining('cannot be taken back')
    })
    const never = '1/1997-03.csv'
    await fixture.announce(never)
    await fixture.announce('1/1997-04.csv', { kind: 'removed' })
    await fixture.finished()
    expect(await fixture.last(never)).toMatchObject({ state: 'rejected', reason: 'it is gone', rows: 0 })
    expect(await fixture.last('1/1997-04.csv')).toMatchObject({ state: 'removed', rows: 0 })
  })
})

async function startWith(open: () => Promise<Partial<IngestOptions>>): Promise<void> {
  const options = await open()
  await fixture.start(options)
  await fixture.running()
}
