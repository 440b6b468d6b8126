import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { javaProgram } from './java.ts'
import type { KafkaInstallation } from './kafka-installation.ts'
import { kafkaJavaArgs } from './kafka-installation.ts'
import { probeKafka } from './kafka-probe.ts'
import { type ClusterMember, type KafkaPlace, serverProperties } from './kafka-settings.ts'
import { endProcess, launchDetached, signalProcess, waitUntilAnswering } from './process.ts'
import { isRunning, type ProcessIdentity } from './process-identity.ts'
import { readState, writeState } from './state.ts'

export interface NodePlan {
  readonly folder: string
  readonly place: KafkaPlace & { readonly member: ClusterMember }
  readonly installation: KafkaInstallation
  readonly settings: Readonly<Record<string, string>>
  readonly heapMb: number
}

/** One node of a cluster, to be killed and paused by tests. Each of these calls may be repeated. */
export class ClusterNode {
  readonly id: number
  /** Where clients come in */
  readonly address: string
  /** Where the other brokers come in, without TLS and SASL */
  readonly internalAddress: string
  readonly logFile: string
  readonly #plan: NodePlan
  #process: ProcessIdentity | undefined
  /** Starts and ends are done one after the other, so that none misses a process that is on its way */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(plan: NodePlan) {
    const { folder, place } = plan
    this.#plan = plan
    this.id = place.member.nodeId
    this.address = `127.0.0.1:${place.clientPort}`
    this.internalAddress = `127.0.0.1:${place.member.internalPort}`
    this.logFile = join(folder, 'kafka.log')
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Resolves when the node takes requests again. */
  async start(): Promise<void> {
    await this.launch()
    await this.answering()
  }

  /** Starts the process; the first nodes of a cluster cannot answer before there are others. */
  launch(): Promise<void> {
    return this.#inTurn(() => this.#launch())
  }

  async answering(timeoutMs = 120_000): Promise<void> {
    await waitUntilAnswering({
      title: `Kafka node ${this.id}`,
      logFile: this.logFile,
      timeoutMs,
      probe: () => probeKafka(this.internalAddress, this.id),
      ...(this.#process === undefined ? {} : { process: this.#process })
    })
  }

  /** At once, as when the machine loses its power (but for what the system has in its page cache). */
  kill(): Promise<void> {
    return this.#inTurn(() => this.#end('SIGKILL'))
  }

  /** An orderly end: leaderships are handed over first. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#end('SIGTERM'))
  }

  /** The process stands still, its connections stay open. */
  async pause(): Promise<void> {
    if (this.#process !== undefined) await signalProcess(this.#process, 'SIGSTOP')
  }

  async resume(): Promise<void> {
    if (this.#process !== undefined) await signalProcess(this.#process, 'SIGCONT')
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(action, action)
    this.#turn = done
    return done
  }

  async #launch(): Promise<void> {
    if (this.#process !== undefined && (await isRunning(this.#process))) return
    const { folder, place, installation, settings, heapMb } = this.#plan
    const properties = join(folder, 'server.properties')
    await writeFile(properties, serverProperties(place, settings))
    this.#process = await launchDetached({
      command: javaProgram('java'),
      args: kafkaJavaArgs(installation.jars, installation.archiveOptions, properties, heapMb),
      workingDirectory: folder,
      logFile: this.logFile
    })
    // for whoever cleans up after a run that was killed
    await writeState(folder, { address: this.address, process: this.#process })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process === undefined) return
    // a paused process takes notice of nothing else
    await this.resume()
    await endProcess(this.#process, signal)
    this.#process = undefined
  }
}

/** Ends what an earlier run left in a node's folder. */
export async function endLeftover(folder: string): Promise<void> {
  const state = await readState(folder)
  if (state?.process === undefined) return
  await signalProcess(state.process, 'SIGCONT')
  await endProcess(state.process, 'SIGKILL')
}
