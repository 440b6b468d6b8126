import {
  hasCode,
  json,
  type KeyValueStore,
  keyValueStore,
  noHeaders,
  type Processor,
  type ProcessorContext,
  type StreamRecord,
  type StreamsError,
  string
} from '../index.ts'
import type { FileEvent } from '../processors/retail/file-event.ts'
import { rawChunkHeaders } from '../processors/retail/raw-chunk.ts'
import { type CountryBucket, objectKind } from './buckets.ts'
import { routeOf } from './ingest-topics.ts'
import {
  FileProgress,
  fileMetadata,
  isUnfinished,
  nothingRead,
  type Reading
} from './reading/file-progress.ts'
import { FileReader, type SharedReading } from './reading/file-reader.ts'
import { type IngestProgress, noProgress, plus, progressOf } from './reading/reading-progress.ts'
import type { ReadChunk } from './reading/reading-step.ts'
import { readReferenceRows } from './references/reference-file.ts'
import { isAfter } from './sequencer.ts'

/** Names of the graph's steps after this one. */
export const filesSink = 'files'
export const rawCsvSink = 'raw-csv'
export const referenceSink = (object: string): string => object.replaceAll('/', '-')

/** Cached: a file's progress is logged once a commit, not once a chunk. */
export const progressStore = keyValueStore({
  name: 'file-progress',
  key: string(),
  value: json(FileProgress),
  cached: true
})

export interface ReadFilesOptions {
  readonly shared: SharedReading
  /** Told of each instance, one per task and new ones after a failure, and of its end. */
  readonly onCreated: (reading: ReadFiles) => unknown
  readonly onClosed: (reading: ReadFiles) => unknown
  /** Told how many rows were handed on, those that take former ones back included; rows of aborted transactions, too. */
  readonly onRows: (rows: number) => void
}

type Context = ProcessorContext<string, unknown>

const pollMs = 20
/** Most bytes handed on at once, so that heartbeats and commits get their turn. */
const pollBytes = 8 * 1024 * 1024
/** Most steps at once, each a change of a file's progress of up to 9 KiB: they must fit into the store's write buffer. */
const pollSteps = 256
/** How often a file that is being read tells how far it is, ms. */
const tellEveryMs = 1_000

/**
 * Reads files in a task: events come in, chunks of rows, progress and file states go out, so that all of them commit in one transaction with
 * the store that says how far each file is. What it forwards was read ahead by a `FileReader`; a new instance, after a crash or a
 * failure, reads on from its store.
 *
 * An event is only a reason to look at the object: duplicates, disorder and lost ones do no harm.
 */
export class ReadFiles implements Processor<string, FileEvent, string, unknown> {
  readonly #options: ReadFilesOptions
  #context: Context | undefined
  #store: KeyValueStore<string, FileProgress> | undefined
  #reader: FileReader | undefined
  #cancelPoll: (() => void) | undefined
  #progress = noProgress
  #committed = noProgress
  readonly #told = new Map<string, number>()

  constructor(options: ReadFilesOptions) {
    this.#options = options
  }

  /** Sums over the files of this task; what is not committed yet is among it. */
  get progress(): IngestProgress {
    return this.#progress
  }

  /** The same as of the last commit. */
  get committed(): IngestProgress {
    return this.#committed
  }

  /** To be called when all was committed. */
  markCommitted(): void {
    this.#committed = this.#progress
  }

  init(context: Context): void {
    this.#context = context
    const store = context.store(progressStore)
    this.#store = store
    const reader = new FileReader(this.#options.shared, (file) => store.get(file))
    this.#reader = reader
    const unfinished: FileProgress[] = []
    for (const { value } of store.all()) {
      this.#progress = plus(this.#progress, progressOf(value))
      if (isUnfinished(value) && this.#options.shared.buckets.has(value.bucket)) unfinished.push(value)
    }
    // those that others wait for must be known of before the first of these begins
    const isReference = ({ object }: FileProgress) => objectKind(object).kind === 'reference'
    for (const file of unfinished.filter(isReference)) reader.submit(file)
    for (const file of unfinished.filter((one) => !isReference(one))) reader.submit(file)
    this.markCommitted()
    this.#options.onCreated(this)
    this.#poll()
  }

  process({ key, value: event, timestamp }: StreamRecord<string, FileEvent>, context: Context): void {
    if (key === null || event === null) {
      context.dropped(key === null ? 'null-key' : 'null-value')
      return
    }
    const { bucket, object } = event
    // somebody else's bucket, or no data
    if (!this.#options.shared.buckets.has(bucket) || objectKind(object).kind === 'other') return
    const before = this.#store?.get(`${bucket}/${object}`) ?? null
    if (before !== null && isKnown(event, before)) return
    const asked = before?.asked ?? { looks: 0, sequencer: null, removed: false }
    const after: FileProgress = {
      bucket,
      object,
      asked: {
        looks: asked.looks + 1,
        sequencer: event.sequencer ?? asked.sequencer,
        removed: event.kind === 'removed'
      },
      reading: before?.reading ?? nothingRead
    }
    this.#put(before, after, timestamp)
    const etag = after.reading.part?.version.etag
    this.#reader?.submit(after, event.kind === 'removed' || (event.etag !== null && event.etag !== etag))
    this.#poll()
  }

  /** Ends what it reads ahead. */
  close(): void {
    this.#cancelPoll?.()
    this.#reader?.close()
    this.#options.onClosed(this)
  }

  /** Looks for what was read, from now on until there is nothing to read: an idle task has nothing to commit. */
  #poll(): void {
    if (this.#cancelPoll !== undefined || this.#reader?.idle !== false) return
    this.#cancelPoll = this.#context?.schedule(pollMs, 'wall-clock', (now) => this.#takeRead(now))
  }

  #takeRead(now: number): void {
    const reader = this.#reader as FileReader
    let bytes = 0
    for (let steps = 0; steps < pollSteps && bytes < pollBytes; steps++) {
      const item = reader.take()
      if (item === undefined) break
      bytes += item.step.chunk?.content.length ?? 0
      this.#step(item.file, item.step.reading, item.step.chunk, item.last, now)
    }
    if (!reader.idle) return
    this.#cancelPoll?.()
    this.#cancelPoll = undefined
  }

  #step(file: string, reading: Reading, chunk: ReadChunk | undefined, last: boolean, now: number): void {
    const before = this.#store?.get(file) ?? null
    const bucket = before === null ? undefined : this.#options.shared.buckets.get(before.bucket)
    if (before === null || bucket === undefined) return
    const problem = before.reading.part?.problem ?? null
    const settled = this.#judged(reading, problem)
    let after: FileProgress = { ...before, reading: settled }
    if (chunk !== undefined) after = this.#forward(after, bucket, chunk)
    this.#put(before, after, now)
    this.#tell(file, before, after, bucket, now)
    if (!last) return
    this.#told.delete(file)
    // something happened while it was read
    if (isUnfinished(after)) this.#reader?.submit(after)
  }

  /** A reference file with bad rows is rejected, though its good ones count. */
  #judged(reading: Reading, problem: string | null): Reading {
    if (problem === null || reading.part === null) return reading
    const part = { ...reading.part, problem: reading.part.rows === 0 ? null : problem }
    if (part.problem === null || reading.state !== 'done') return { ...reading, part }
    return { ...reading, part, state: 'rejected', reason: part.problem }
  }

  #forward(file: FileProgress, bucket: CountryBucket, chunk: ReadChunk): FileProgress {
    this.#options.onRows(chunk.rows)
    const kind = objectKind(file.object)
    if (kind.kind === 'sales') {
      const { part, sign, firstRow, content } = chunk
      const { form, revision, version } = part
      const headers = rawChunkHeaders({
        file: `${file.bucket}/${file.object}`,
        etag: version.etag,
        revision,
        sign,
        csvHeader: form.csvHeader,
        delimiter: form.delimiter,
        firstRow,
        country: bucket.country,
        storeId: kind.storeId,
        currency: bucket.currency,
        timeZone: bucket.timeZones?.[kind.storeId] ?? bucket.timeZone
      })
      const timestamp = (sign === 1 ? version : (file.reading.target ?? version)).lastModifiedMs
      this.#context?.forward(
        { key: `${bucket.country}/${kind.storeId}`, value: content, timestamp, headers },
        rawCsvSink
      )
      return file
    }
    const problem = this.#forwardReference(file, bucket, chunk)
    const { part } = file.reading
    if (problem === null || part === null || part.problem !== null) return file
    return { ...file, reading: { ...file.reading, part: { ...part, problem } } }
  }

  #forwardReference({ object }: FileProgress, bucket: CountryBucket, chunk: ReadChunk): string | null {
    const route = routeOf(this.#options.shared.references, object)
    const { sign, standing } = chunk
    if (route === undefined || standing === null) return 'it is no reference file that is known'
    const { csvHeader, delimiter } = chunk.part.form
    const rows = { csvHeader, delimiter, text: chunk.content.toString('utf8'), firstRow: chunk.firstRow }
    const sink = referenceSink(route.file.object)
    const forward = (key: string, value: unknown, timestamp: number) =>
      this.#context?.forward({ key, value, timestamp, headers: noHeaders }, sink)
    const add = (key: string, value: unknown, timestamp: number) => {
      if (standing.stands(key, timestamp)) forward(key, value, timestamp)
    }
    const takeBack = (key: string, _: unknown, timestamp: number) => {
      const instead = standing.instead(key, timestamp)
      if (instead !== undefined) forward(key, instead, timestamp)
    }
    try {
      const problem = readReferenceRows(route.file, rows, bucket, sign === 1 ? add : takeBack)
      return sign === 1 ? problem : null
    } catch (error) {
      if (!hasCode(error, 'FILE_UNREADABLE')) throw error
      return sign === 1 ? (error as StreamsError).message : null
    }
  }

  #put(before: FileProgress | null, after: FileProgress, timestamp: number): void {
    this.#store?.put(`${after.bucket}/${after.object}`, after, timestamp)
    this.#progress = plus(plus(this.#progress, progressOf(after)), progressOf(before), -1)
  }

  /** Tells of a new state at once, of progress within one now and then. Good reference files are not mentioned, unless they are corrected ones. */
  #tell(file: string, before: FileProgress, after: FileProgress, bucket: CountryBucket, now: number): void {
    const { reading } = after
    const changed =
      reading.state !== before.reading.state ||
      reading.reason !== before.reading.reason ||
      reading.target?.etag !== before.reading.target?.etag
    const due = reading.state === 'reading' && now - (this.#told.get(file) ?? 0) >= tellEveryMs
    if (!changed && !due) return
    if (objectKind(after.object).kind === 'reference') {
      const corrected = reading.state === 'done' && reading.revision > 1
      if (reading.state !== 'rejected' && !corrected) return
    }
    this.#told.set(file, now)
    const timestamp = (reading.target ?? reading.part?.version)?.lastModifiedMs ?? now
    const value = fileMetadata(after, bucket)
    this.#context?.forward({ key: file, value, timestamp, headers: noHeaders }, filesSink)
  }
}

/** Nothing that the task does not know of already, or will find when it looks. */
function isKnown(event: FileEvent, { asked, reading }: FileProgress): boolean {
  if (event.sequencer !== null && asked.sequencer !== null && !isAfter(event.sequencer, asked.sequencer))
    return true
  return (
    event.kind === 'created' &&
    event.etag !== null &&
    event.etag === reading.target?.etag &&
    !asked.removed &&
    asked.looks === reading.looked
  )
}
