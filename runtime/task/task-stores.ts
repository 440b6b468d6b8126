import type { Checkpoint, StateStore } from '../../state/state-store.ts'
import type { SourceSerdes } from '../restore/source-record.ts'

export interface Changelog {
  readonly topic: string
  readonly topicId: string
  readonly deleteRetentionMs: number
  /** It is a topic that the task reads, and nothing is logged; see `Plan.changelogOf`. How its records are read. */
  readonly source: SourceSerdes | undefined
}

/** A store of a task and where its changelog is; no changelog for stores that are not logged. */
export interface TaskStore {
  readonly store: StateStore
  readonly changelog: Changelog | undefined
}

/** The stores of a task in what they do together: they are committed and maintained at the same time. */
export class TaskStores {
  readonly #stores: readonly TaskStore[]
  #full: boolean

  constructor(stores: readonly TaskStore[]) {
    this.#stores = stores
    this.#full = this.#anyFull()
    for (const { store } of stores)
      store.onFull(() => {
        this.#full = true
      })
  }

  /** A write buffer is full: commit before anything else is changed. It costs nothing to ask after every record. */
  get commitWanted(): boolean {
    return this.#full
  }

  beginCommit(): void {
    for (const { store } of this.#stores) store.beginCommit()
  }

  /** Empties the write buffers downstream, again and again until nothing is dirty: a forward can make a store downstream dirty. */
  flush(): void {
    for (let dirty = true; dirty; ) {
      dirty = false
      for (const { store } of this.#stores) if (store.flush()) dirty = true
    }
  }

  expectCommit(): void {
    for (const { store } of this.#stores) store.expectCommit()
  }

  /**
   * Each store takes its flushed entries over in one batch, with the changelog offset they stand for. That of a store which logs nothing,
   * because its source topic is its changelog, is the position just committed; that of one without a changelog tells at its next opening whether
   * the task was elsewhere meanwhile.
   *
   * @param acknowledged the offset after the last record that the producer wrote to a topic's partition of this task
   * @param positionIn the position in an input topic
   * @param position of all inputs together; see `Checkpoint`
   */
  commit(
    acknowledged: (topic: string) => number | undefined,
    positionIn: (topic: string) => number | undefined,
    position: number
  ): void {
    for (const { store, changelog } of this.#stores) {
      if (changelog === undefined) {
        store.commit({ offset: position, topicId: '' })
        continue
      }
      const { topic, topicId, source } = changelog
      const written = source === undefined ? acknowledged(topic) : positionIn(topic)
      // a task that was elsewhere meanwhile is further than what was written here
      const reached = store.checkpoint?.topicId === topicId ? store.checkpoint.offset : 0
      const checkpoint: Checkpoint = { offset: Math.max(written ?? 0, reached), topicId }
      store.commit(checkpoint)
    }
    this.#full = this.#anyFull()
  }

  /** Some have work that they put off at their commit. */
  get maintenanceDue(): boolean {
    return this.#stores.some(({ store }) => store.maintenanceDue)
  }

  /** Lets each go on with it, one slice at least and for about `budgetMs` in all. Returns whether there is more. */
  maintain(budgetMs: number): boolean {
    const end = performance.now() + budgetMs
    let more = false
    for (const { store } of this.#stores) if (store.maintain(end - performance.now())) more = true
    return more
  }

  /** They may be another's from now on. */
  detach(): void {
    for (const { store } of this.#stores) store.detach()
  }

  #anyFull(): boolean {
    return this.#stores.some(({ store }) => store.commitWanted)
  }
}
