import { setTimeout } from 'node:timers/promises'
import { StreamsError } from '../index.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { ProgressBars } from './progress-bars.ts'
import type { Lag, RetailApp } from './retail-app.ts'

const pollMs = 300
/** How long nothing must happen after everything seems done. */
const quietMs = 1_000

export interface Running {
  readonly app: RetailApp
  readonly ingest: Ingest
  readonly failed: Promise<never>
  readonly bars: ProgressBars
  readonly stop: AbortSignal
  /** Called when the files are read and the graph has nothing to do: then only what it holds back is missing. */
  readonly onProcessed: () => void
}

/**
 * Waits until the files are read and then the graph and the sinks have done everything. Twice in a row, because what was held back for a
 * moment comes after all else. False if told to stop before.
 */
export async function caughtUp(running: Running): Promise<boolean> {
  const { failed, bars, stop, onProcessed } = running
  for (let quiet = 0; ; ) {
    if (stop.aborted) return false
    const seen = await Promise.race([failed, answered(look(running), bars)])
    const processed = seen?.read === true && seen.graph.records === 0
    if (processed) onProcessed()
    const done = processed && seen.settled && seen.sinks.records === 0
    quiet = done ? quiet + 1 : 0
    if (quiet === 2) return true
    await setTimeout(done || seen === undefined ? quietMs : pollMs)
  }
}

interface Seen {
  readonly read: boolean
  readonly settled: boolean
  readonly graph: Lag
  readonly sinks: Lag
}

/** In this order: when the files were read, all that the graph must do was there, and so on. */
async function look({ app, ingest, bars }: Running): Promise<Seen> {
  const read = await ingest.isFinished()
  const { files, filesTotal, bytes, bytesTotal, rows } = ingest.progress
  bars.update('ingest', bytes, bytesTotal, `${files} of ${filesTotal} files, ${rows} rows`)
  const settled = app.isSettled()
  const graph = await app.graphLag()
  bars.update('graph', graph.total - graph.records, graph.total, `${graph.records} records to go`)
  const sinks = await app.sinkLag()
  bars.update('sinks', sinks.total - sinks.records, sinks.total, `${sinks.records} records to go`)
  return { read, settled, graph, sinks }
}

/** Undefined where brokers are away for now: the graph and the sinks wait for them, too. */
async function answered<T>(question: Promise<T>, bars: ProgressBars): Promise<T | undefined> {
  try {
    return await question
  } catch (error) {
    if (!(error instanceof StreamsError) || error.action !== 'retry') throw error
    bars.log(`warning: ${error.message}; asking again`)
    return undefined
  }
}
