import type { StreamsBuilder } from '../../../index.ts'
import { type CaseTopologies, declared, json, jsonTopic, text } from './case-topology.ts'

const history = (name: string) => ({ name, historyRetentionMs: 1000 })
const versions = <V>(builder: StreamsBuilder, topicName = 'in') =>
  builder.table(jsonTopic<V>(topicName), history('versions'))
const both = (l: string, r: string) => `${l}+${r}`

interface Row {
  readonly region: string
  readonly size: number
}

const told = declared((builder) => {
  versions<string>(builder).toStream().to(jsonTopic<string>('out'))
})

export const versionedTopologies: CaseTopologies = {
  'table-versioned-history': told,
  'table-versioned-out-of-order': told,

  'table-versioned-filter': declared((builder) => {
    versions<number>(builder)
      .filter((v) => v > 10)
      .mapValues((v) => v + 1)
      .toStream()
      .to(jsonTopic<number>('out'))
  }),

  'table-versioned-group-by-count': declared((builder) => {
    versions<Row>(builder)
      .groupBy((v) => [v.region, v.size], { name: 'counts', key: text, value: json<number>() })
      .count({ name: 'counts', value: json<number>() })
      .toStream()
      .to(jsonTopic<number>('out'))
  }),

  'join-stream-versioned-table': declared((builder) => {
    const table = versions<string>(builder, 'table')
    builder.stream(jsonTopic<string>('stream')).join(table, both).to(jsonTopic<string>('out'))
  }),

  'join-stream-versioned-table-grace': declared((builder) => {
    const table = versions<string>(builder, 'table')
    builder
      .stream(jsonTopic<string>('stream'))
      .join(table, both, { name: 'grace', graceMs: 50 })
      .to(jsonTopic<string>('out'))
  }),

  'join-table-table-versioned': declared((builder) => {
    builder
      .table(jsonTopic<string>('left'), history('l'))
      .join(builder.table(jsonTopic<string>('right'), history('r')), both)
      .toStream()
      .to(jsonTopic<string>('out'))
  }),

  'join-stream-global-table-inner': declared((builder) => {
    const table = builder.globalTable(jsonTopic<string>('global'), { name: 'g' })
    builder
      .stream(jsonTopic<{ sku?: string; qty: number }>('stream'))
      .join(
        table,
        (v) => v?.sku ?? null,
        (v, g) => `${v.qty}x${g}`
      )
      .to(jsonTopic<string>('out'))
  }),

  'join-stream-global-table-left': declared((builder) => {
    const table = builder.globalTable(jsonTopic<string>('global'), { name: 'g' })
    builder
      .stream(jsonTopic<{ sku?: string; qty: number }>('stream'))
      .leftJoin(
        table,
        (v) => v?.sku ?? null,
        (v, g) => `${v.qty}x${g}`
      )
      .to(jsonTopic<string>('out'))
  })
}
