import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaCluster } from '../../deploy/local/cluster.ts'
import type { ChaosContext } from './case.ts'
import { ClusterView } from './cluster-view.ts'
import type { ReplicaStep } from './replicas-plan.ts'
import type { ReplicaProcess } from './replicas-process.ts'
import { tellsOfFencing } from './replicas-zombie.ts'

/** A zombie has been told, and has said so, within this time after it woke up. */
const reportWithinMs = 60_000
const settleWithinMs = 30_000

interface ReplicaTally {
  kills: number
  terms: number
  zombies: number
  reportedZombies: number
  brokerKills: number
  scalings: number
}

/** Deals the blows of a plan to a fleet of replicas and their brokers. */
export class ReplicasDriver {
  readonly tally: ReplicaTally = {
    kills: 0,
    terms: 0,
    zombies: 0,
    reportedZombies: 0,
    brokerKills: 0,
    scalings: 0
  }
  readonly #context: ChaosContext
  readonly #cluster: KafkaCluster
  readonly #fleet: readonly ReplicaProcess[]
  readonly #sessionTimeoutMs: number
  readonly #topics: readonly string[]
  /** How many of the fleet are wanted: the first ones. */
  #size = 0
  /** Frozen, or being ended and started. */
  readonly #busy = new Map<ReplicaProcess, Promise<void>>()
  #brokerBlow: Promise<void> = Promise.resolve()

  constructor(
    context: ChaosContext,
    cluster: KafkaCluster,
    fleet: readonly ReplicaProcess[],
    settings: { readonly sessionTimeoutMs: number; readonly topics: readonly string[] }
  ) {
    this.#context = context
    this.#cluster = cluster
    this.#fleet = fleet
    this.#sessionTimeoutMs = settings.sessionTimeoutMs
    this.#topics = settings.topics
  }

  /** Leaves one replica. */
  async run(steps: readonly ReplicaStep[]): Promise<void> {
    for (const [index, step] of steps.entries()) {
      if (step.settled) await this.#settled()
      await sleep(step.afterMs)
      this.#context.bars.update('blows', index, steps.length, this.describe())
      await this.#deal(step)
    }
    await Promise.all(this.#busy.values())
    await this.#brokerBlow
  }

  async scaleTo(size: number, leave: boolean): Promise<void> {
    const before = this.#size
    this.#size = size
    this.#context.log(`from ${before} replicas to ${size}${size < before && !leave ? ', not leaving' : ''}`)
    for (const replica of this.#fleet.slice(before, size)) await replica.start()
    for (const replica of this.#fleet.slice(size, before)) {
      await this.#busy.get(replica)
      await replica.finish(leave)
    }
  }

  /** What each replica has: active tasks that run, of those it is to have, and copies. */
  describe(): string {
    return this.#fleet
      .filter(({ lives }) => lives)
      .map(({ name, status }) => `${name}: ${status.running.length}/${status.active}+${status.copies}`)
      .join(', ')
  }

  /** Every replica that is wanted has all its tasks at work, or that takes too long. */
  async #settled(): Promise<void> {
    const works = ({ status }: ReplicaProcess) => status.active > 0 && status.running.length === status.active
    for (let waited = 0; waited < settleWithinMs; waited += 100) {
      if (this.#fleet.slice(0, this.#size).every(works)) return
      await sleep(100)
    }
    this.#context.log(`not settled within ${settleWithinMs / 1000} s: ${this.describe()}`)
  }

  async #deal(step: ReplicaStep): Promise<void> {
    if (step.kind === 'scale') {
      this.tally.scalings++
      return await this.scaleTo(step.to, step.leave)
    }
    if (step.kind === 'broker') {
      await this.#brokerBlow
      this.#brokerBlow = this.#killBroker(step.pick, step.downMs)
      return
    }
    const there = this.#fleet.slice(0, this.#size).filter((one) => !this.#busy.has(one))
    // the only one is frozen or restarts
    if (there.length === 0) await Promise.race(this.#busy.values())
    const replica = there[step.pick % there.length] ?? (this.#fleet[0] as ReplicaProcess)
    await this.#busy.get(replica)
    const blow = this.#strike(step, replica).finally(() => this.#busy.delete(replica))
    this.#busy.set(replica, blow)
    blow.catch((error: Error) => this.#context.watchdog.fail(error))
  }

  async #strike(
    step: ReplicaStep & { kind: 'kill' | 'term' | 'freeze' },
    replica: ReplicaProcess
  ): Promise<void> {
    const { log } = this.#context
    if (step.kind === 'freeze') return await this.#makeZombie(replica)
    if (step.kind === 'term') {
      log.call(this.#context, `${replica.name} is told to end, and started again`)
      this.tally.terms++
      await replica.finish(false)
    } else {
      log.call(this.#context, `${replica.name} is killed for ${step.downMs} ms`)
      this.tally.kills++
      await replica.kill()
      await sleep(step.downMs)
    }
    await replica.start()
  }

  async #makeZombie(replica: ReplicaProcess): Promise<void> {
    // one that has not joined yet is nobody's zombie
    for (let waited = 0; replica.status.running.length === 0 && waited < 30_000; waited += 100)
      await sleep(100)
    this.#context.log(`${replica.name} is frozen for ${2 * this.#sessionTimeoutMs} ms`)
    const said = replica.warnings.length
    replica.excused = true
    replica.freeze()
    await sleep(2 * this.#sessionTimeoutMs)
    replica.thaw()
    this.tally.zombies++
    const news = () => replica.warnings.slice(said).find(tellsOfFencing)
    for (let waited = 0; news() === undefined && waited < reportWithinMs; waited += 100) await sleep(100)
    replica.excused = false
    const text = news()
    if (text !== undefined) this.tally.reportedZombies++
    this.#context.log(`${replica.name} woke up and ${text === undefined ? 'said nothing' : `said: ${text}`}`)
  }

  async #killBroker(pick: number, downMs: number): Promise<void> {
    const node = this.#cluster.node(1 + (pick % this.#cluster.nodes.length))
    this.#context.log(`broker ${node.id} is killed for ${downMs} ms`)
    this.tally.brokerKills++
    await node.kill()
    await sleep(downMs)
    await node.start()
    await new ClusterView(this.#cluster.bootstrap).inSync(this.#topics, 110_000)
    this.#context.log(`broker ${node.id} is back`)
  }
}
