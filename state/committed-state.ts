import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import type { Engine, WriteOperation } from './engine.ts'
import { dataFrom, dataTo, decodeMetadata, encodeMetadata, type Metadata, metadataKey } from './metadata.ts'
import type { Checkpoint } from './state-store.ts'

function nothing(segmentMs: number | undefined): Metadata {
  return {
    identity: randomBytes(16).toString('hex'),
    checkpoint: undefined,
    observedStreamTime: -1,
    sequence: 0,
    writtenAt: -1,
    closedCleanly: false,
    segmentMs
  }
}

/** The committed half of a store: its engine, and the metadata that goes along with every batch. */
export class CommittedState {
  readonly engine: Engine
  readonly #logged: boolean
  readonly #clock: Clock
  #metadata: Metadata
  /** The positions of the inputs may be committed, and what was made of them is not in the engine yet. */
  #mayBeBehind = false

  /**
   * @param segmentMs of a store whose keys begin with segments: how long they are, which the retention tells. Content in others is not found
   * under its keys, and so does not fit.
   *
   * Throws STORE_CORRUPT.
   */
  constructor(store: string, engine: Engine, logged: boolean, clock: Clock, segmentMs?: number) {
    this.engine = engine
    this.#metadata = nothing(segmentMs)
    this.#logged = logged
    this.#clock = clock
    const stored = engine.getSync(metadataKey)
    if (stored !== undefined) {
      this.#metadata = decodeMetadata(store, engine.kind, stored)
      checkSegments(store, this.#metadata.segmentMs, segmentMs)
    }
    if (stored === undefined) {
      // every batch writes metadata, so data without it is the rest of a wipe that was cut short
      if (engine.scanSync(dataFrom, dataTo, false, 1).length > 0) this.wipe()
    } else if (!logged) {
      // nothing can repair an unlogged store: after a crash it may lack what its input offsets stand for
      if (!this.#metadata.closedCleanly) this.wipe()
      else this.#write([], { ...this.#metadata, closedCleanly: false })
    }
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#metadata.checkpoint
  }

  get observedStreamTime(): number {
    return this.#metadata.observedStreamTime
  }

  get sequence(): number {
    return this.#metadata.sequence
  }

  /** Wall clock of the last batch, ms; -1 for a new store. */
  get writtenAt(): number {
    return this.#metadata.writtenAt
  }

  /** To be called before the positions of the inputs are committed. */
  expectWrite(): void {
    this.#mayBeBehind = true
  }

  /** One batch; none when there is nothing to tell. An undefined checkpoint leaves the last one, and so on. */
  write(
    operations: WriteOperation[],
    checkpoint: Checkpoint | undefined,
    observedStreamTime = this.#metadata.observedStreamTime,
    sequence = this.#metadata.sequence
  ): void {
    const known = this.#metadata
    const next = checkpoint ?? known.checkpoint
    const moved = next?.offset !== known.checkpoint?.offset || next?.topicId !== known.checkpoint?.topicId
    if (
      operations.length === 0 &&
      observedStreamTime === known.observedStreamTime &&
      sequence === known.sequence &&
      (!moved || !this.#logged)
    ) {
      // an unlogged store writes it when it is closed; without that the store is not gone on with
      if (moved) this.#metadata = { ...known, checkpoint: next }
      this.#mayBeBehind = false
      return
    }
    this.#write(operations, {
      identity: known.identity,
      checkpoint: next,
      observedStreamTime,
      sequence,
      writtenAt: this.#clock.now(),
      closedCleanly: false,
      segmentMs: known.segmentMs
    })
    this.#mayBeBehind = false
  }

  /** The metadata goes first: if the rest is cut short, the next opening goes on with it. */
  wipe(): void {
    this.engine.writeBatchSync([{ key: metadataKey, value: null }])
    this.engine.deleteRangeSync(dataFrom, dataTo)
    this.#metadata = nothing(this.#metadata.segmentMs)
    this.#mayBeBehind = false
  }

  /** An unlogged store whose last write is missing is not closed cleanly: the next opening empties it, as after a crash. */
  async close(): Promise<void> {
    try {
      if (!this.#logged && this.#metadata.writtenAt >= 0 && !this.#mayBeBehind)
        this.#write([], { ...this.#metadata, closedCleanly: true })
    } finally {
      // a lock that nobody can release would keep the store from being opened again
      await this.engine.close()
    }
  }

  #write(operations: WriteOperation[], metadata: Metadata): void {
    operations.push({ key: metadataKey, value: encodeMetadata(this.engine.kind, metadata) })
    this.engine.writeBatchSync(operations)
    this.#metadata = metadata
  }
}

function checkSegments(store: string, found: number | undefined, wanted: number | undefined): void {
  if (found === wanted) return
  const length = (ms: number | undefined) => (ms === undefined ? 'no known length' : `${ms} ms`)
  throw new StreamsError(
    'STORE_CORRUPT',
    `store ${store} is kept in segments of ${length(found)}, its retention now asks for ${length(wanted)}: rebuild it`
  )
}
