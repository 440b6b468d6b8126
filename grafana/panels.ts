import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type Dashboard,
  DashboardBuilder,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

/** An expression and what its series are called. */
export type Query = readonly [expression: string, legend: string]

interface PanelOptions {
  /** Grafana's name of the unit. */
  readonly unit: string
  /** What it shows, and when to worry. */
  readonly description: string
  /** True: values may be below zero. */
  readonly signed?: boolean
  readonly queries: readonly Query[]
}

const datasource = { type: 'prometheus', uid: '$datasource' }

/** Of the applications chosen above. */
export const chosen = 'application=~"$application"'

/** Appended to a series that any process has: only of processes that are ours, where others are watched, too. */
export const ours = 'and on (job, instance) {__name__=~"streams_state|streams_sink_up"}'

/** Per second, over a window that fits the scrapes and the width of the picture. */
export function rate(series: string): string {
  return `rate(${series}[$__rate_interval])`
}

function targets(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map(([expression, legend], index) =>
    new DataqueryBuilder()
      .expr(expression)
      .legendFormat(legend)
      .refId(String.fromCharCode(65 + index))
      .datasource(datasource)
  )
}

/** Lines over time, a third of a row. */
export function lines(
  title: string,
  { unit, description, signed = false, queries }: PanelOptions
): Builder<Panel> {
  const builder = new TimeseriesBuilder()
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(datasource)
    .targets(targets(queries))
    .span(8)
    .height(8)
  return signed ? builder : builder.min(0)
}

/** The latest value of each series. */
export function numbers(title: string, { unit, description, queries }: PanelOptions): Builder<Panel> {
  return new StatBuilder()
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(datasource)
    .targets(targets(queries))
    .span(8)
    .height(8)
}

export interface Section {
  readonly title: string
  readonly panels: readonly Builder<Panel>[]
}

/** A dashboard with a choice of data source and, where its metrics have that label, of applications. */
export function dashboard(
  uid: string,
  title: string,
  sections: readonly Section[],
  { byApplication = true } = {}
): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(`store-sku-${uid}`)
    .tags(['store-sku'])
    .refresh('10s')
    .time({ from: 'now-30m', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
  if (byApplication)
    builder.withVariable(
      new QueryVariableBuilder('application')
        .label('Application')
        .datasource(datasource)
        .query('label_values(streams_state, application)')
        .includeAll(true)
        .multi(true)
    )
  for (const section of sections) {
    builder.withRow(new RowBuilder(section.title))
    for (const panel of section.panels) builder.withPanel(panel)
  }
  return builder.build()
}
