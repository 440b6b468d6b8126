import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

export interface PanelExpression {
  readonly dashboard: string
  readonly panel: string
  readonly expression: string
}

/** Every expression of every panel, as it stands there. */
export function expressionsOf(dashboards: Readonly<Record<string, Dashboard>>): PanelExpression[] {
  return Object.entries(dashboards).flatMap(([name, { panels = [] }]) =>
    panels.flatMap((panel) => {
      const { title = '', targets = [] } = panel as { title?: string; targets?: readonly { expr?: string }[] }
      return targets.map(({ expr = '' }) => ({ dashboard: name, panel: title, expression: expr }))
    })
  )
}

/** Panels that show something, which rows do not. */
export function panelCount(dashboards: Readonly<Record<string, Dashboard>>): number {
  return Object.values(dashboards).reduce(
    (sum, { panels = [] }) => sum + panels.filter(({ type }) => type !== 'row').length,
    0
  )
}

/** An expression without Grafana's variables: of all applications, over `seconds`. */
export function withoutVariables(expression: string, seconds: number): string {
  return expression.replaceAll('$__rate_interval', `${seconds}s`).replaceAll('$application', '.*')
}

interface RangeAnswer {
  readonly status: string
  readonly error?: string
  readonly data?: { readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[] }
}

export interface Period {
  /** Seconds since 1970. */
  readonly from: number
  readonly to: number
}

/** How many numbers a Prometheus at `url` gives for an expression in that time. Throws when it does not understand it. */
export async function samplesOf(url: string, expression: string, { from, to }: Period): Promise<number> {
  const query = new URLSearchParams({
    query: expression,
    start: String(from),
    end: String(to),
    step: String(Math.max(1, Math.ceil((to - from) / 500)))
  })
  const response = await fetch(`${url}/api/v1/query_range?${query}`, { signal: AbortSignal.timeout(30_000) })
  const answer = (await response.json()) as RangeAnswer
  if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`)
  const values = (answer.data?.result ?? []).flatMap((series) => series.values)
  return values.filter(([, value]) => value !== 'NaN').length
}
