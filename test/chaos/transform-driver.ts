import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaCluster } from '../../deploy/local/cluster.ts'
import type { ChaosContext } from './case.ts'
import { ClusterView } from './cluster-view.ts'
import { partitions } from './numbered-input.ts'
import type { Blow, Step } from './plan.ts'
import type { Random } from './random.ts'
import { type WorkerEnd, WorkerProcess } from './worker-process.ts'
import type { Notice, Order, WorkerSettings } from './worker-protocol.ts'

/** How far the worker may run ahead while a blow is dealt: some transactions. */
const slack = 1_500
/** A worker that ends by itself more often than this is not worth restarting. */
const mostOwnEnds = 20

export interface Tally {
  kills: number
  aborts: number
  leaderKills: number
  leaderPauses: number
  zombies: number
  transactions: number
  /** Of a start, until the worker had its place and its positions */
  slowestStartMs: number
  /** By code, how often the worker went on after an error */
  readonly recovered: Map<string, number>
  /** What the worker said when it ended by itself, though it should not have */
  readonly ownEnds: string[]
}

/** Keeps a worker alive, and deals it the blows of a plan. */
export class TransformDriver {
  readonly tally: Tally = {
    kills: 0,
    aborts: 0,
    leaderKills: 0,
    leaderPauses: 0,
    zombies: 0,
    transactions: 0,
    slowestStartMs: 0,
    recovered: new Map(),
    ownEnds: []
  }
  readonly #context: ChaosContext
  readonly #cluster: KafkaCluster
  readonly #settings: WorkerSettings
  readonly #random: Random
  readonly #records: number
  readonly #onProgress: (committed: number) => void
  #worker: WorkerProcess | undefined
  /** With zombies */
  readonly #alive = new Set<WorkerProcess>()
  #lives = 0
  /** Nothing is to be started any more */
  #over = false
  #committed = 0
  #limit = 0
  #lastWords = ''
  #waiters: (() => void)[] = []
  readonly #listeners = new Set<(notice: Notice) => void>()
  #lastNotice: Notice | undefined

  constructor(
    context: ChaosContext,
    cluster: KafkaCluster,
    settings: WorkerSettings,
    records: number,
    onProgress: (committed: number) => void
  ) {
    this.#context = context
    this.#cluster = cluster
    this.#settings = settings
    this.#random = context.random('driver')
    this.#records = records
    this.#onProgress = onProgress
  }

  /** For the watchdog. */
  describe(): string {
    const said = this.#lastNotice === undefined ? 'nothing' : JSON.stringify(this.#lastNotice)
    return `${this.#committed} of ${this.#records} committed, the worker said last: ${said}`
  }

  async run(plan: readonly Step[]): Promise<void> {
    await this.#start()
    for (const [index, { records, blow }] of plan.entries()) {
      // each blow meets a worker that works, and the next one as well
      this.#setLimit((plan[index + 1]?.records ?? this.#records) + slack)
      await this.#until(() => this.#committed >= records)
      await this.#deal(blow)
    }
    this.#setLimit(Number.MAX_SAFE_INTEGER)
    await this.#until(() => this.#committed >= this.#records)
  }

  /** An orderly end. */
  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    worker?.send({ order: 'close' })
    await worker?.ended
  }

  /** Whatever is left of it. */
  async kill(): Promise<void> {
    this.#over = true
    this.#worker = undefined
    await Promise.all([...this.#alive].map((worker) => worker.kill()))
  }

  async #deal(blow: Blow): Promise<void> {
    switch (blow.kind) {
      case 'kill':
        await sleep(blow.afterMs)
        return await this.#restart()
      case 'kill-twice':
        await this.#restart()
        await sleep(blow.afterMs)
        return await this.#restart()
      case 'kill-at':
        await this.#ask({ order: 'halt', at: blow.at }, 'halted')
        await sleep(blow.afterMs)
        return await this.#restart()
      case 'abort':
        await this.#ask({ order: 'abort', stage: blow.stage }, 'aborted')
        this.tally.aborts++
        return
      case 'leader':
        return await this.#takeLeaderAway(blow)
      case 'zombie':
        return await this.#makeZombie(blow.afterMs)
    }
  }

  async #takeLeaderAway(blow: Blow & { kind: 'leader' }): Promise<void> {
    const { input, output } = this.#settings
    const topic = blow.of === 'output' ? output : blow.of === 'input' ? input : blow.of
    const view = new ClusterView(this.#cluster.bootstrap)
    const partition = this.#random.below(partitions)
    const id = await view.leader(topic, partition)
    const node = this.#cluster.node(id)
    const before = this.#committed
    const doing = blow.how === 'kill' ? 'killing' : 'pausing'
    this.#context.log(`${doing} broker ${id}, the leader of ${topic}-${partition}`)
    await node[blow.how]()
    if (blow.how === 'kill') this.tally.leaderKills++
    else this.tally.leaderPauses++
    if (blow.withWorker) await this.#restart()
    // at least one commit without the broker, if the worker has anything left to do
    await Promise.race([
      this.#until(() => this.#committed > before || this.#committed >= this.#limit),
      sleep(15_000)
    ])
    await sleep(blow.downMs)
    if (this.#over) return
    if (blow.how === 'kill') await node.start()
    else {
      await node.resume()
      // it still believes what it knew before
      await sleep(1_000)
      await node.answering()
    }
    await view.inSync(
      [input, output, '__transaction_state', '__consumer_offsets'].filter((name) => this.#exists(name)),
      60_000
    )
    this.#context.watchdog.touch()
  }

  #exists(topic: string): boolean {
    return topic !== '__transaction_state' || this.#settings.guarantee === 'exactly-once'
  }

  /** The former worker wakes up in the middle of its transaction, and must find its place taken. */
  async #makeZombie(afterMs: number): Promise<void> {
    await sleep(afterMs)
    // one that has not yet taken its place would rightly take it when it wakes up
    await this.#until(() => this.#lastNotice !== undefined)
    const zombie = this.#worker
    if (zombie === undefined) throw new Error('there is no worker to be made a zombie')
    zombie.pause()
    // so that it does not wait for anything but the cluster when it wakes up
    zombie.send({ order: 'limit', records: Number.MAX_SAFE_INTEGER })
    const before = this.#committed
    await this.#start()
    await this.#until(() => this.#committed > before || this.#committed >= this.#limit)
    zombie.resume()
    const { code } = await this.#context.watchdog.guard(zombie.ended)
    this.tally.zombies++
    if (code !== 2 || !/^(PRODUCER|GROUP)_FENCED/.test(this.#lastWords))
      this.tally.ownEnds.push(`the zombie was not fenced, but ended with ${code} ${this.#lastWords}`)
  }

  async #restart(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.kill()
    this.tally.kills++
    await this.#start()
  }

  async #start(): Promise<void> {
    if (this.#over) throw new Error('the run is over')
    const life = ++this.#lives
    this.#lastNotice = undefined
    const settings = { ...this.#settings, seed: this.#settings.seed + life }
    const logFile = join(this.#context.directory, 'worker.log')
    const worker = await WorkerProcess.start(settings, logFile, (notice) => this.#hear(notice, life))
    this.#worker = worker
    this.#alive.add(worker)
    worker.send({ order: 'limit', records: this.#limit })
    worker.ended.then((end) => {
      this.#alive.delete(worker)
      // else it was killed, closed, or is a zombie
      if (this.#worker === worker) this.#replace(end).catch((error) => this.#context.watchdog.fail(error))
    })
  }

  /** For a worker that ended though nobody wanted it to. */
  async #replace({ code, signal }: WorkerEnd): Promise<void> {
    const words = this.#lastWords || `exit ${code ?? signal}, see worker.log`
    this.#context.log(`the worker ended by itself: ${words}`)
    this.tally.ownEnds.push(words)
    if (this.tally.ownEnds.length > mostOwnEnds)
      throw new Error(`the worker ended by itself too often; last: ${words}`)
    await this.#start()
  }

  #hear(notice: Notice, life: number): void {
    if (notice.notice === 'failed') this.#lastWords = `${notice.code}: ${notice.message}`
    // what a zombie has to say is of no more interest
    if (life !== this.#lives) return
    this.#lastNotice = notice
    this.#context.watchdog.touch()
    if (notice.notice === 'ready')
      this.tally.slowestStartMs = Math.max(this.tally.slowestStartMs, notice.startedInMs)
    if (notice.notice === 'recovered') {
      const { recovered } = this.tally
      recovered.set(notice.code, (recovered.get(notice.code) ?? 0) + 1)
    }
    if (notice.notice === 'committed' || notice.notice === 'ready') {
      if (notice.notice === 'committed') this.tally.transactions++
      this.#committed = Math.max(this.#committed, notice.committed)
      this.#onProgress(this.#committed)
    }
    for (const listener of this.#listeners) listener(notice)
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** Sends an order and waits for what comes of it. An order that was lost with a worker is given to the next one. */
  async #ask(order: Order, answer: Notice['notice']): Promise<void> {
    let asked = 0
    // several notices may arrive at once, so the latest alone does not tell
    let answered = false
    const listener = (notice: Notice): void => {
      if (notice.notice === answer) answered = true
    }
    this.#listeners.add(listener)
    try {
      await this.#until(() => {
        if (asked !== this.#lives) {
          asked = this.#lives
          this.#worker?.send(order)
        }
        return answered
      })
    } finally {
      this.#listeners.delete(listener)
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const woken = new Promise<void>((resolve) => this.#waiters.push(resolve))
      await this.#context.watchdog.guard(woken)
    }
  }

  #setLimit(records: number): void {
    this.#limit = records
    this.#worker?.send({ order: 'limit', records })
  }
}
