import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafka } from '../../../deploy/local/kafka.ts'
import { endProcess, launchDetached, waitUntilAnswering } from '../../../deploy/local/process.ts'
import type { ProcessIdentity } from '../../../deploy/local/process-identity.ts'
import type { ServicePlan } from '../../../deploy/local/service.ts'

/** A broker that a test may kill. */
export class OwnBroker {
  readonly #folder: string
  readonly #plan: ServicePlan
  #process: ProcessIdentity | undefined

  private constructor(folder: string, plan: ServicePlan) {
    this.#folder = folder
    this.#plan = plan
  }

  /** With these settings beside the usual ones; `planned` is told its address before it is launched. */
  static async start(
    settings?: Readonly<Record<string, string>>,
    planned?: (address: string) => void
  ): Promise<OwnBroker> {
    const folder = await mkdtemp(join(tmpdir(), 'store-sku-broker-'))
    const plan = await kafka.plan({
      folder,
      state: undefined,
      kafkaSettings: settings === undefined ? undefined : { ...settings },
      report: () => undefined
    })
    const broker = new OwnBroker(folder, plan)
    planned?.(plan.address)
    await broker.launch()
    return broker
  }

  get address(): string {
    return this.#plan.address
  }

  async launch(): Promise<void> {
    const { command } = this.#plan
    if (command === undefined) throw new Error('a broker of its own is needed')
    const process = await launchDetached(command)
    this.#process = process
    await waitUntilAnswering({
      title: kafka.title,
      process,
      logFile: command.logFile,
      timeoutMs: 60_000,
      probe: () => kafka.probe(this.address)
    })
  }

  async kill(): Promise<void> {
    if (this.#process !== undefined) await endProcess(this.#process, 'SIGKILL')
    this.#process = undefined
  }

  /** An orderly end. */
  async stop(): Promise<void> {
    if (this.#process !== undefined) await endProcess(this.#process, kafka.stopSignal)
    this.#process = undefined
  }

  async close(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
