import { Counter, Gauge, type Registry } from 'prom-client'
import type { Ingest } from './ingest.ts'

/** What the ingest tells Prometheus beside its application's own metrics; asked for at each scrape. */
export function ingestMetrics(ingest: Ingest, registry: Registry): void {
  const registers = [registry]
  const files: Gauge<'state'> = new Gauge({
    name: 'retail_ingest_files',
    help: 'Files that the tasks of this process have heard of: done with (read, rejected or removed), and still to be read',
    labelNames: ['state'],
    registers,
    collect: () => {
      const { files: done, filesTotal } = ingest.progress
      files.set({ state: 'done' }, done)
      files.set({ state: 'waiting' }, filesTotal - done)
    }
  })
  const bytes: Gauge<'state'> = new Gauge({
    name: 'retail_ingest_bytes',
    help: 'Bytes of those files that were read, and that are still to be read',
    labelNames: ['state'],
    registers,
    collect: () => {
      const { bytes: read, bytesTotal } = ingest.progress
      bytes.set({ state: 'read' }, read)
      bytes.set({ state: 'waiting' }, Math.max(0, bytesTotal - read))
    }
  })
  const rows: Counter = new Counter({
    name: 'retail_ingest_rows_total',
    help: 'Rows of files that were handed on, those that take former ones back and those of aborted transactions, too',
    registers,
    collect: () => {
      rows.reset()
      rows.inc(ingest.rowsForwarded)
    }
  })
}
