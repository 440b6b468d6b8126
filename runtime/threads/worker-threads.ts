import type { Admin } from '../../kafka/port/admin.ts'
import { graphFingerprint } from '../membership/graph-fingerprint.ts'
import type { StreamsMetrics } from '../metrics.ts'
import type { MetricsCopies } from './metrics-copies.ts'
import { type SharedGlobals, shareGlobals } from './shared-globals.ts'
import { workNames } from './stuck-work.ts'
import type { Thread } from './thread.ts'
import { threadClientId } from './thread-client-id.ts'
import type { ThreadMaker, ThreadMakerParts } from './thread-maker.ts'
import type { ThreadModule } from './thread-module.ts'
import type { CopiedSettings, ThreadStart } from './thread-protocol.ts'
import { WorkerThread } from './worker-thread.ts'

export interface WorkerThreadsParts extends ThreadMakerParts {
  readonly module: ThreadModule
  readonly admin: Admin
  readonly metrics: StreamsMetrics
  readonly copies: MetricsCopies
  /** See `SharedGlobals`. */
  readonly globalsVersion: SharedArrayBuffer
  /** Told what keeping the global tables current failed with. */
  readonly onGlobalsFailure: (error: unknown) => void
}

const GLOBALS_CHECK_MS = 500
/** Those of the main thread alone: it does what they are for. */
const ofMainThread = new Set([
  'kafka',
  'logger',
  'onRestore',
  'clock',
  'threadModule',
  'uncaughtExceptionHandler'
])

/** Threads of an application in worker threads. Global tables are opened here, before them, and kept current here. */
export class WorkerThreads implements ThreadMaker {
  readonly #parts: WorkerThreadsParts
  #shared: SharedGlobals | undefined
  #check: NodeJS.Timeout | undefined

  constructor(parts: WorkerThreadsParts) {
    this.#parts = parts
  }

  async open(cancelled: () => boolean): Promise<void> {
    const { globals, globalsVersion, onGlobalsFailure } = this.#parts
    await globals.ready(cancelled)
    if (cancelled()) return
    this.#shared = shareGlobals(globals, globalsVersion)
    this.#check = setInterval(() => {
      try {
        globals.check()
      } catch (error) {
        clearInterval(this.#check)
        onGlobalsFailure(error)
      }
    }, GLOBALS_CHECK_MS).unref()
  }

  make(number: number): Thread {
    const { config, admin, prepared, processId, metrics, copies } = this.#parts
    const { applicationId, groupProtocol } = config
    return new WorkerThread({
      start: this.#start(number),
      config,
      names: workNames(applicationId, number, prepared.plan),
      copies,
      failed: (code) => metrics.failed(code),
      leave: async () => {
        if (groupProtocol === 'classic')
          await admin.removeMember(applicationId, threadClientId(applicationId, processId, number))
      }
    })
  }

  async close(): Promise<void> {
    clearInterval(this.#check)
  }

  #start(number: number): Omit<ThreadStart, 'progress' | 'paused'> {
    const { module, config, topology, prepared, processId, globalsVersion } = this.#parts
    const settings: Record<string, unknown> = {}
    const functions: string[] = []
    for (const [name, value] of Object.entries(config)) {
      if (ofMainThread.has(name)) continue
      // a tracer is an object with functions
      const copied = typeof value !== 'function' && (name !== 'tracer' || value === undefined)
      if (copied) settings[name] = value
      else if (name !== 'onCommitPoint') functions.push(name)
    }
    return {
      number,
      module: String(module.url),
      data: module.data,
      // more than one would ask for a threadModule
      settings: { ...settings, threads: 1 } as unknown as CopiedSettings,
      threads: config.threads,
      functions,
      kafka: config.kafka.copy?.(),
      processId,
      graph: graphFingerprint(topology),
      topics: prepared.topics,
      deleteRetentionMs: prepared.deleteRetentionMs,
      globals: this.#shared ?? { handles: new Map(), version: globalsVersion }
    }
  }
}
