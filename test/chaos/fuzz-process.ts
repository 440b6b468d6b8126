import { type ChildProcess, spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../../bin/exit-codes.ts'
import { choosePort } from '../../deploy/local/ports.ts'
import { fuzzBuckets } from './fuzz-files.ts'
import type { LedgerAddresses } from './ledger-services.ts'

const bin = join(import.meta.dirname, '../../bin/store-sku.js')
const startMs = 600_000
const stopMs = 60_000
/** A process that is being overwhelmed may be slow, but not this slow. */
export const answerMs = 20_000
const sampleMs = 1_000

/** `store-sku run` as anybody would start it, with everything that it takes events from; it is watched while it runs. */
export class FuzzProcess {
  readonly ingestPort: number
  readonly httpPort: number
  readonly token = 'fuzz-token-fuzz-token'
  /** Resident memory, bytes, about each second. */
  readonly rss: number[] = []
  /** What went wrong with it as a whole. */
  readonly faults: string[] = []
  slowestProbeMs = 0
  #child: ChildProcess | undefined
  #closing = false
  #watching: Promise<void> = Promise.resolve()

  private constructor(ports: readonly [ingest: number, http: number]) {
    this.ingestPort = ports[0]
    this.httpPort = ports[1]
  }

  static async start(
    addresses: LedgerAddresses & { readonly queueUrl: string },
    folder: string,
    onWait: () => void
  ): Promise<FuzzProcess> {
    const one = new FuzzProcess([await choosePort(), await choosePort()])
    try {
      await one.#start(addresses, folder, onWait)
      return one
    } catch (error) {
      one.#child?.kill('SIGKILL')
      throw error
    }
  }

  /** Files that it has heard of and is not done with. */
  async filesWaiting(): Promise<number> {
    const metrics = await (await this.#ask('/metrics')).text()
    return Number(/^retail_ingest_files\{state="waiting"[^}]*\} (\S+)$/m.exec(metrics)?.[1] ?? 0)
  }

  /** Stops it as a supervisor would. */
  async stop(): Promise<void> {
    this.#closing = true
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    const late = sleep(stopMs, 'late', { ref: false })
    if ((await Promise.race([ended, late])) === 'late') {
      this.faults.push(`it did not stop within ${stopMs / 1000} s`)
      child.kill('SIGKILL')
    } else if (child.exitCode !== 0) this.faults.push(`it stopped with ${child.exitCode ?? child.signalCode}`)
    await this.#watching
  }

  async #start(
    addresses: LedgerAddresses & { readonly queueUrl: string },
    folder: string,
    onWait: () => void
  ): Promise<void> {
    const log = await open(join(folder, 'process.log'), 'a')
    const buckets = fuzzBuckets.flatMap((bucket) => ['--bucket', bucket])
    const options = [
      ...[
        '--queue',
        addresses.queueUrl,
        '--listen',
        String(this.ingestPort),
        '--http',
        String(this.httpPort)
      ],
      ...['--scan-every', '5', '--log', 'json', '--state', join(folder, 'state')]
    ]
    const live = () => {
      const child = spawn(process.execPath, [bin, 'run', ...buckets, ...options], {
        stdio: ['ignore', log.fd, log.fd],
        env: {
          ...process.env,
          KAFKA_BROKERS: addresses.kafkaBrokers,
          ELASTICSEARCH_URL: addresses.elasticsearchUrl,
          DATABASE_URL: addresses.databaseUrl,
          S3_ENDPOINT: addresses.s3Endpoint,
          INGEST_TOKEN: this.token
        }
      })
      this.#child = child
      child.once('exit', (code, signal) => {
        // a service that was just started may not answer in time: what ends with this code is to be started again
        if (code === exitCodes.tryAgain.code && !ready) live()
        else if (!this.#closing) this.faults.push(`it ended by itself, with ${code ?? signal}`)
      })
    }
    let ready = false
    try {
      live()
      const end = performance.now() + startMs
      while (!(await this.#isReady())) {
        if (this.faults.length > 0 || performance.now() > end)
          throw new Error(`store-sku run is not ready: ${this.faults.join('; ') || 'it takes too long'}`)
        onWait()
        await sleep(250)
      }
      ready = true
    } finally {
      await log.close()
    }
    this.#watching = this.#watch()
  }

  async #isReady(): Promise<boolean> {
    const answer = await this.#ask('/readyz').catch(() => undefined)
    // the last thing to be opened
    const ingest = await fetch(`http://127.0.0.1:${this.ingestPort}/`).catch(() => undefined)
    return answer?.ok === true && ingest !== undefined
  }

  #ask(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.httpPort}${path}`, { signal: AbortSignal.timeout(answerMs) })
  }

  /** It must be well and answer all the time, whatever is being sent to it. */
  async #watch(): Promise<void> {
    while (!this.#closing && this.#child?.exitCode === null) {
      const began = performance.now()
      try {
        const health = await this.#ask('/healthz')
        const metrics = await (await this.#ask('/metrics')).text()
        this.slowestProbeMs = Math.max(this.slowestProbeMs, performance.now() - began)
        const [, bytes] = /^process_resident_memory_bytes (\S+)$/m.exec(metrics) ?? []
        if (bytes !== undefined) this.rss.push(Number(bytes))
        if (!health.ok) this.#fault(`it is not well: ${await health.text()}`)
      } catch (error) {
        if (!this.#closing && this.#child.exitCode === null)
          this.#fault(`it does not answer: ${String(error)}`)
      }
      await sleep(sampleMs)
    }
  }

  /** Once each: what stays wrong is wrong each second. */
  #fault(fault: string): void {
    if (!this.faults.includes(fault)) this.faults.push(fault)
  }
}
