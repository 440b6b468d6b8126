import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode, StreamsError } from '../../index.ts'
import { type CountryBucket, objectKind } from '../buckets.ts'
import { isSeekable } from '../csv/row-source.ts'
import type { RowChunk } from '../csv/row-splitter.ts'
import type { ObjectStore } from '../object-store.ts'
import type { ReferenceFile } from '../references/reference-file.ts'
import type { StandingRows } from '../references/standing-rows.ts'
import type { ObjectHead } from '../stored-object.ts'
import type { Asked, Part, Reading, Version } from './file-progress.ts'
import { overwritten, unobtainable } from './former-version.ts'
import type { ReadingStep } from './reading-step.ts'
import { ReferenceVersions } from './reference-versions.ts'
import { VersionRows } from './version-rows.ts'
import type { VersionSource } from './version-source.ts'

/** An object that changes all the time is not looked at all the time. */
const lookAgainMs = 50

export interface FileReadingParts {
  readonly bucket: CountryBucket
  readonly object: string
  /** As events have it by now. */
  readonly asked: () => Asked
  readonly store: ObjectStore
  readonly source: VersionSource
  /** What kind of reference file it is, if it is one that is known. */
  readonly reference: ReferenceFile | undefined
  /** A removed object's rows are taken back. */
  readonly retractsRemoved: boolean
  readonly signal: AbortSignal
}

/**
 * Brings the raw topic's rows of one file to what the bucket has, from wherever a former reading ended:
 *
 *   look at the object -> nothing changed: done
 *                      -> first version: (archive it,) read it
 *                      -> another version: see that it can be read; take back the rows of the former; read it. Of a reference file only
 *                         those that it has no longer: a row that vanished and came back would be missed by what is joined meanwhile
 *                      -> gone: finish what was begun if it is kept somewhere; take it back if so configured
 *
 * Every step is a `Reading` that is true once its chunk is in the topic, so a crash between any two goes on from the former. When the
 * object turns out to be another one in the middle, it is looked at again.
 */
export class FileReading {
  readonly #parts: FileReadingParts
  readonly #kind: ReturnType<typeof objectKind>
  readonly #rows: VersionRows
  #reading: Reading
  /** Of a reference file that is known. */
  readonly #references: ReferenceVersions | undefined

  constructor(parts: FileReadingParts, from: Reading) {
    this.#parts = parts
    this.#reading = from
    this.#kind = objectKind(parts.object)
    this.#rows = new VersionRows(parts)
    const { reference, bucket } = parts
    this.#references = reference && new ReferenceVersions(reference, bucket, this.#rows)
  }

  /** How far it is: after the last step, or a little further. Another reading can go on from here. */
  get reading(): Reading {
    return this.#reading
  }

  /** Rejects when aborted, and with OBJECT_STORE_UNAVAILABLE. */
  async *steps(): AsyncGenerator<ReadingStep> {
    try {
      yield* this.#steps()
    } finally {
      this.#rows.close()
    }
  }

  async *#steps(): AsyncGenerator<ReadingStep> {
    const { asked } = this.#parts
    let lookFirst = this.#reading.looked < asked().looks
    for (;;) {
      if (lookFirst && (yield* this.#look())) return
      try {
        if (yield* this.#converge()) return
      } catch (error) {
        if (!hasCode(error, 'FILE_UNREADABLE')) throw error
        yield this.#settled('rejected', (error as StreamsError).message)
        return
      }
      lookFirst = true
      await sleep(lookAgainMs, undefined, { signal: this.#parts.signal })
    }
  }

  /** Learns what the bucket has. Returns true when that settles it. */
  async *#look(): AsyncGenerator<ReadingStep, boolean> {
    const { source, asked } = this.#parts
    const { looks } = asked()
    const { state, part, target: before } = this.#reading
    const isFirst = state === 'announced' && part === null && this.#kind.kind !== 'misplaced'
    const head = await this.#rows.look(isFirst && !source.archives)
    const target = head === undefined ? null : this.#version(head)
    const unchanged = state === 'rejected' && target !== null && target.etag === before?.etag
    // stored again with the same content: the newer version will be kept for longer
    const same = part !== null && target !== null && part.version.etag === target.etag
    this.#reading = {
      ...this.#reading,
      looked: looks,
      target,
      part: same ? { ...part, version: target } : part
    }
    if (unchanged) {
      yield { reading: this.#reading }
      return true
    }
    if (part === null || (target !== null && part.version.etag !== target.etag))
      this.#reading = { ...this.#reading, state: 'announced', reason: null }
    yield { reading: this.#reading }
    return false
  }

  #version(head: ObjectHead): Version {
    const { target, part } = this.#reading
    const known = [part?.version, target].find((one) => one?.etag === head.etag)
    const isChain = head.metadata['store-category'] === 'chain'
    return {
      etag: head.etag,
      versionId: head.versionId,
      sizeBytes: head.sizeBytes,
      lastModifiedMs: head.lastModifiedMs,
      storeCategory: isChain ? 'chain' : 'individual',
      chain: isChain ? (head.metadata['chain'] ?? null) : null,
      archivedEtag: known?.archivedEtag ?? null
    }
  }

  /** Makes the rows those of the target. Returns false when the object must be looked at again. */
  async *#converge(): AsyncGenerator<ReadingStep, boolean> {
    const { target, part } = this.#reading
    if (target === null) return yield* this.#gone()
    if (this.#kind.kind === 'misplaced')
      throw new StreamsError('FILE_UNREADABLE', 'its key names no store: expected <storeId>/<name>.csv')
    if (part !== null && part.taken === null && part.version.etag === target.etag) {
      if (!part.complete && !(yield* this.#readOn())) return false
      yield this.#settled('done', this.#note)
      return true
    }
    if (part !== null && this.#references !== undefined) {
      const standing = await this.#references.standing(target)
      if (standing === undefined) return false
      const had = yield* this.#takeBackReference(this.#references, part, standing)
      return yield* this.#begin(target, had ? null : overwritten(part))
    }
    if (part !== null) {
      // not before the new version has shown that it can be read
      if (part.taken === null && !(await this.#isReadable(target))) return false
      if (!(yield* this.#takeBack())) return true
    }
    return yield* this.#begin(target)
  }

  async *#gone(): AsyncGenerator<ReadingStep, boolean> {
    const { part } = this.#reading
    const { removed } = this.#parts.asked()
    if (part === null) {
      yield removed ? this.#settled('removed') : this.#settled('rejected', 'it is gone')
      return true
    }
    const retracts = removed && this.#parts.retractsRemoved
    // of a reference file what stands stays: each row is one of the former version or of the one that is gone
    if (retracts || (part.taken !== null && this.#references === undefined)) {
      if (yield* this.#takeBack()) yield this.#settled('removed')
      return true
    }
    if (part.complete || (yield* this.#readOn())) yield this.#settled('removed')
    else yield this.#settled('rejected', 'it is gone')
    return true
  }

  /** Throws FILE_UNREADABLE for a version that is not. False: it is not there any more. */
  async #isReadable(version: Version): Promise<boolean> {
    const stored = await this.#rows.open(version, 0)
    if (stored === undefined) return false
    try {
      await this.#rows.begin(stored)
      return true
    } finally {
      stored.body.destroy()
    }
  }

  /** Reads all of a version, and settles it. False: it is not there any more. */
  async *#begin(target: Version, reason: string | null = null): AsyncGenerator<ReadingStep, boolean> {
    const { source, bucket, object, signal } = this.#parts
    const version = await source.archived(bucket.bucket, object, target, signal)
    if (typeof version === 'string') return false
    this.#reading = { ...this.#reading, target: version }
    const standing = await this.#standing(version)
    if (standing === undefined) return false
    const stored = await this.#rows.open(version, 0)
    if (stored === undefined) return false
    try {
      const progress = { bytes: 0 }
      const { form, chunks } = await this.#rows.begin(stored, progress)
      const revision = this.#reading.revision + 1
      const part: Part = {
        version,
        form,
        revision,
        rows: 0,
        nextByte: 0,
        bytesRead: 0,
        complete: false,
        taken: null,
        problem: null
      }
      this.#reading = { ...this.#reading, state: 'reading', reason, revision, part }
      yield { reading: this.#reading }
      yield* this.#add(chunks, standing, progress)
      yield this.#settled('done', reason)
      return true
    } finally {
      stored.body.destroy()
    }
  }

  /** Reads the rest of the part. False: its content is not to be had. */
  async *#readOn(): AsyncGenerator<ReadingStep, boolean> {
    const part = this.#reading.part as Part
    const seek = isSeekable(part.form) && part.nextByte > 0
    if (seek && part.nextByte >= part.version.sizeBytes) {
      this.#reading = { ...this.#reading, part: { ...part, complete: true } }
      return true
    }
    const standing = await this.#standing(part.version)
    if (standing === undefined) return false
    const stored = await this.#rows.open(part.version, seek ? part.nextByte : 0)
    if (stored === undefined) return false
    this.#reading = { ...this.#reading, state: 'reading', reason: this.#note }
    const progress = { bytes: seek ? part.nextByte : 0 }
    try {
      const from = { at: part.nextByte, seek, skipRows: part.rows }
      yield* this.#add(await this.#rows.resume(stored, part, from, progress), standing, progress)
      return true
    } finally {
      stored.body.destroy()
    }
  }

  async *#add(
    chunks: AsyncGenerator<RowChunk>,
    standing: StandingRows | null,
    progress: { bytes: number }
  ): AsyncGenerator<ReadingStep> {
    for await (const chunk of chunks) {
      const before = this.#reading.part as Part
      const part = {
        ...before,
        rows: chunk.firstRow - 1 + chunk.rows,
        nextByte: chunk.end,
        bytesRead: Math.max(progress.bytes, before.bytesRead)
      }
      this.#reading = { ...this.#reading, part }
      yield { reading: this.#reading, chunk: { ...chunk, part, sign: 1, standing } }
    }
    const part = this.#reading.part as Part
    this.#reading = { ...this.#reading, part: { ...part, complete: true } }
  }

  /** Takes back all rows that were added of the part. False: that is settled, because they are not to be had. */
  async *#takeBack(): AsyncGenerator<ReadingStep, boolean> {
    const { part } = this.#reading
    const taken = part?.taken ?? { rows: 0, nextByte: 0 }
    if (part !== null && this.#references !== undefined) {
      const nothing = this.#references.nothing()
      if (!(yield* this.#takeBackReference(this.#references, part, nothing))) {
        yield this.#settled('rejected', unobtainable(part))
        return false
      }
    }
    if (part !== null && taken.rows < part.rows && this.#kind.kind === 'sales') {
      const seek = isSeekable(part.form) && taken.nextByte > 0
      const stored = await this.#rows.open(part.version, seek ? taken.nextByte : 0)
      if (stored === undefined) {
        yield this.#settled('rejected', unobtainable(part))
        return false
      }
      try {
        const from = { at: taken.nextByte, seek, skipRows: taken.rows, lastRow: part.rows }
        let { rows } = taken
        for await (const chunk of await this.#rows.resume(stored, part, from)) {
          rows = chunk.firstRow - 1 + chunk.rows
          const gone = { rows, nextByte: chunk.end }
          this.#reading = { ...this.#reading, state: 'reading', part: { ...part, taken: gone } }
          yield { reading: this.#reading, chunk: { ...chunk, part, sign: -1, standing: null } }
        }
        if (rows < part.rows)
          throw new StreamsError(
            'FILE_UNREADABLE',
            `row ${rows + 1} of its former version is not to be found again`
          )
      } finally {
        stored.body.destroy()
      }
    }
    this.#reading = { ...this.#reading, part: null }
    return true
  }

  /**
   * Takes back what a reference file said and does not say any more: all of it anew after a crash, and however little of it was added, because the
   * version before it was held against the whole. False: it is not to be had.
   */
  async *#takeBackReference(
    references: ReferenceVersions,
    part: Part,
    standing: StandingRows
  ): AsyncGenerator<ReadingStep, boolean> {
    const chunks = await references.former(part.version)
    if (chunks === undefined) return false
    for await (const chunk of chunks) {
      const gone = { rows: Math.min(part.rows, chunk.firstRow - 1 + chunk.rows), nextByte: chunk.end }
      this.#reading = { ...this.#reading, state: 'reading', part: { ...part, taken: gone } }
      yield { reading: this.#reading, chunk: { ...chunk, part, sign: -1, standing } }
    }
    return true
  }

  /** What was to be said of the version when it was begun; not why it could not be read. */
  get #note(): string | null {
    const { state, reason } = this.#reading
    return state === 'reading' || state === 'done' ? reason : null
  }

  /** Of a reference file: null for another. Undefined: it is not to be had. */
  async #standing(version: Version): Promise<StandingRows | null | undefined> {
    return this.#references === undefined ? null : this.#references.standing(version)
  }

  #settled(state: 'done' | 'rejected' | 'removed', reason: string | null = null): ReadingStep {
    // good reference files are told of only as corrections: the next version is one, if this was told as rejected
    const isTold = state === 'rejected' && this.#references !== undefined
    const revision = isTold ? Math.max(1, this.#reading.revision) : this.#reading.revision
    this.#reading = { ...this.#reading, state, reason, revision }
    return { reading: this.#reading }
  }
}
