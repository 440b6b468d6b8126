import { business } from './business.ts'
import { ingest } from './ingest.ts'
import { overview } from './overview.ts'
import { replicas } from './replicas.ts'
import { sinks } from './sinks.ts'
import { state } from './state.ts'

/** By the names of their files in `grafana/json/`. */
export const dashboards = { overview, replicas, state, ingest, sinks, business }

/** A dashboard as its file holds it. */
export function dashboardText(dashboard: unknown): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`
}
