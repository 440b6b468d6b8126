import pg from 'pg'
import { readTopic, type TopicRecord } from '../../bin/read-topic.ts'
import {
  bytes,
  hasCode,
  type KafkaClient,
  readDeadLetter,
  type Serde,
  type StreamRecord,
  string,
  topic
} from '../../index.ts'
import { rawChunk } from '../../processors/retail/raw-chunk.ts'
import * as topics from '../../topology/retail/topics.ts'
import type { CaseResult } from './case.ts'
import { sourceTopics } from './fuzz-records.ts'

/*
 * After all has arrived: whether everything that was sent is somewhere, as what it is, or as what it was refused for.
 */

const shown = 5
const graphDeadLetters = 'retail.dead-letters.graph'
/** About a third of the files is spoiled so that nothing of them can be read. */
const mostRejected = 3 / 4

function rawTopic(name: string) {
  return topic(name, { key: bytes(), value: bytes() })
}

function letterOf(record: TopicRecord<Buffer, Buffer>): StreamRecord<Buffer, Buffer> {
  return { key: record.key(), value: record.value(), timestamp: record.timestamp, headers: record.headers() }
}

export function verdict(name: string, problems: readonly string[], details: string): CaseResult {
  const more = problems.length > shown ? `; and ${problems.length - shown} more` : ''
  return problems.length === 0
    ? { name, passed: true, details }
    : { name, passed: false, details: `${problems.slice(0, shown).join('; ')}${more}` }
}

interface FileRow {
  readonly file: string
  readonly state: string
  readonly rows: string | null
  readonly reason: string | null
}

interface ReconciledRow {
  readonly file: string
  readonly agree: boolean
  readonly input: string
  readonly dead: string
  readonly items: string
  readonly ledgers: string
}

/** Each file that was put is done, or rejected with a reason, and all of its rows that were read are in the ledgers or in the dead letters. */
export async function checkFiles(
  files: ReadonlySet<string>,
  { databaseUrl, kafka }: { readonly databaseUrl: string; readonly kafka: KafkaClient }
): Promise<readonly CaseResult[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const known = new Map<string, FileRow>()
    const found = await client.query<FileRow>('SELECT file, state, rows, reason FROM files')
    for (const row of found.rows) known.set(row.file, row)
    const reconciled = new Map<string, ReconciledRow>()
    const counted = await client.query<ReconciledRow>(
      'SELECT file, agree, input_rows AS input, dead_letters_rows AS dead, line_items_rows AS items, ledgers_rows AS ledgers FROM reconciliation'
    )
    for (const row of counted.rows) reconciled.set(row.file, row)
    const items = await client.query<{ file: string; rows: string }>(
      'SELECT file, count(*) AS rows FROM line_items GROUP BY 1'
    )
    const standing = new Map(items.rows.map(({ file, rows }) => [file, Number(rows)]))
    const dead = await deadRows(kafka)
    const beyond = await filesBeyondSums(kafka)
    let disagreeing = 0
    const fates: string[] = []
    const rows: string[] = []
    let rejected = 0
    let read = 0
    for (const file of files) {
      const { state, rows: text, reason } = known.get(file) ?? { state: 'lost', rows: null, reason: null }
      if (state === 'rejected' && reason) rejected++
      else if (state !== 'done')
        fates.push(`${file} is ${state}${state === 'rejected' ? ' without a reason' : ''}`)
      const expected = Number(text ?? 0)
      read += expected
      const sum = (standing.get(file) ?? 0) + (dead.get(file) ?? 0)
      if (sum !== expected) rows.push(`${file}: ${expected} rows read, ${sum} in line items and dead letters`)
      const count = reconciled.get(file)
      if (expected === 0 || (count?.agree === true && Number(count.input) === expected)) continue
      // a sum that no number holds: its count is in the dead letters, and the file is told as one that does not agree
      if (beyond.has(file) && count?.agree === false) disagreeing++
      else rows.push(`${file}: ${expected} rows read, reconciliation says ${JSON.stringify(count ?? null)}`)
    }
    // an ingest that takes nothing loses nothing, either
    if (rejected > mostRejected * files.size)
      fates.push(`${rejected} of ${files.size} files were rejected, most of which are good`)
    if (read === 0) rows.push(`no row of ${files.size} files was read`)
    const deadLetters = [...dead.values()].reduce((total, one) => total + one, 0)
    return [
      verdict('files', fates, `${files.size} files, ${rejected} rejected with a reason`),
      verdict(
        'rows',
        rows,
        `${read} rows of these files, ${deadLetters} dead letters of rows in all, ${disagreeing} files told as not agreeing because their money is beyond 2^53`
      )
    ]
  } finally {
    await client.end()
  }
}

/** Rows by file that stand in the dead letters, what was taken back not among them. */
async function deadRows(kafka: KafkaClient): Promise<ReadonlyMap<string, number>> {
  const rows = new Map<string, number>()
  await readTopic(kafka, 'fuzz-check', topics.rejectedRows, (record) => {
    const row = record.value()
    if (row !== null) rows.set(row.file, (rows.get(row.file) ?? 0) + row.rows)
  })
  return rows
}

/** Files of which a count was refused, because its sum of money is no safe integer. */
async function filesBeyondSums(kafka: KafkaClient): Promise<ReadonlySet<string>> {
  const files = new Set<string>()
  await readTopic(kafka, 'fuzz-check', rawTopic(graphDeadLetters), (record) => {
    const { topic: origin, key, message } = readDeadLetter(letterOf(record))
    const [, file] = /^(.+)#\d+$/.exec(key?.toString() ?? '') ?? []
    if (origin === topics.rowCounts.name && file !== undefined && message.includes('net')) files.add(file)
  })
  return files
}

/** Messages that are no notification are all in the dead letters, with a reason, and no others. */
export async function checkEvents(
  bad: ReadonlyMap<string, number>,
  queue: { readonly sent: number; readonly left: number; readonly refused: number },
  kafka: KafkaClient
): Promise<CaseResult> {
  const problems = queue.left === 0 ? [] : [`${queue.left} messages are still in the queue`]
  const found = new Map<string, number>()
  await readTopic(kafka, 'fuzz-check', topics.eventDeadLetters, (record) => {
    const text = record.value() ?? ''
    found.set(text, (found.get(text) ?? 0) + 1)
    if (!record.headers().some(({ key, value }) => key === 'reason' && value?.length))
      problems.push(`a dead letter of an event has no reason: ${text.slice(0, 100)}`)
  })
  let total = 0
  for (const [text, times] of bad) {
    total += times
    // a message may come twice
    if ((found.get(text) ?? 0) < times) problems.push(`lost: ${text.slice(0, 200)}`)
  }
  for (const text of found.keys())
    if (!bad.has(text)) problems.push(`set aside, though it can be understood: ${text.slice(0, 200)}`)
  const details = `${queue.sent} messages (${queue.refused} the queue did not take), ${total} of them set aside with a reason`
  return verdict('events', problems, details)
}

/** The serdes of what the graph reads by schema. */
const schemas: ReadonlyMap<string, Serde<unknown>> = new Map(
  [
    topics.stores,
    topics.products,
    topics.promotions,
    topics.expenses,
    topics.inventory,
    topics.rates,
    topics.rowCounts,
    // which it has written itself: out of amounts that no number can hold, what it reads back may not fit
    topics.velocity
  ].map((one) => [one.name, one.value as Serde<unknown>])
)

/** Each record that does not fit its schema is in the dead letters, once, with a reason; each chunk of rows that is none is a rejected row. */
export async function checkRecords(kafka: KafkaClient): Promise<CaseResult> {
  const problems: string[] = []
  const setAside = new Map<string, number>()
  await readTopic(kafka, 'fuzz-check', rawTopic(graphDeadLetters), (record) => {
    const letter = readDeadLetter(letterOf(record))
    const place = `${letter.topic}-${letter.partition}-${letter.offset}`
    setAside.set(place, (setAside.get(place) ?? 0) + 1)
    if (letter.message === '') problems.push(`the dead letter of ${place} has no reason`)
  })
  const rejected = new Set<string>()
  await readTopic(kafka, 'fuzz-check', topics.rejectedRows, (record) => {
    const { file, reason } = record.value() ?? { file: '', reason: '' }
    rejected.add(file)
    if (reason === '') problems.push(`a rejected row of ${file} has no reason`)
  })
  let records = 0
  let refused = 0
  const names = new Set([...sourceTopics(), ...schemas.keys()])
  for (const name of names)
    await readTopic(kafka, 'fuzz-check', rawTopic(name), (record) => {
      const place = `${name}-${record.partition}-${record.offset}`
      const value = record.value()
      records++
      const times = setAside.get(place) ?? 0
      setAside.delete(place)
      if (schemas.has(name)) {
        const expected = value === null || fits(name, value) ? 0 : 1
        refused += expected
        if (times !== expected)
          problems.push(`${place} is ${times} times in the dead letters, not ${expected}`)
      } else if (value !== null && !isChunk(record.headers())) {
        refused++
        if (!rejected.has(place)) problems.push(`${place} is no chunk of rows, and no rejected row tells it`)
      }
    })
  for (const place of setAside.keys()) problems.push(`${place} is in the dead letters, but nowhere else`)
  return verdict(
    'records',
    problems,
    `${records} records in ${names.size} topics, ${refused} set aside with a reason`
  )
}

/** By the plain means of the language, and the schema. JSON's null is a tombstone, as in Kafka Streams: what its serde makes of it is null. */
function fits(name: string, value: Buffer): boolean {
  try {
    const read: unknown = JSON.parse(value.toString('utf8'))
    // a number that is too large for one is none that a schema takes, and no null either
    const written = Buffer.from(JSON.stringify(read, (_, one) => (Math.abs(one) === Infinity ? [] : one)))
    schemas.get(name)?.decodeUntrusted?.(written, 0, written.length)
    return true
  } catch {
    return false
  }
}

function isChunk(headers: Parameters<typeof rawChunk>[0]): boolean {
  try {
    rawChunk(headers)
    return true
  } catch (error) {
    if (hasCode(error, 'DESERIALIZATION')) return false
    throw error
  }
}

/** What sinks refused: told, and never silently. */
export async function sinkRefusals(kafka: KafkaClient): Promise<number> {
  let refused = 0
  await readTopic(
    kafka,
    'fuzz-check',
    topic('retail.dead-letters.sinks', { key: string(), value: string() }),
    () => {
      refused++
    }
  )
  return refused
}
