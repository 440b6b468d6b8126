import type { StreamsBuilder } from '../../../index.ts'
import { type CaseTopologies, declared, json, jsonTopic, text } from './case-topology.ts'

const both = (l: string | null, r: string | null) => `${l}+${r}`
const result = { name: 'j', value: json<string>() }
const leftTable = (builder: StreamsBuilder) => builder.table(jsonTopic<string>('left'), { name: 'l' })
const rightTable = (builder: StreamsBuilder) => builder.table(jsonTopic<string>('right'), { name: 'r' })
const textsOut = jsonTopic<string>('out')

export const tableJoinTopologies: CaseTopologies = {
  'join-table-table-inner': declared((builder) => {
    leftTable(builder).join(rightTable(builder), both, result).toStream().to(textsOut)
  }),

  'join-table-table-inner-not-materialized': declared((builder) => {
    leftTable(builder).join(rightTable(builder), both).toStream().to(textsOut)
  }),

  'join-table-table-left': declared((builder) => {
    leftTable(builder).leftJoin(rightTable(builder), both, result).toStream().to(textsOut)
  }),

  'join-table-table-outer': declared((builder) => {
    leftTable(builder).outerJoin(rightTable(builder), both, result).toStream().to(textsOut)
  }),

  'join-table-table-group-by': declared((builder) => {
    leftTable(builder)
      .join(rightTable(builder), both)
      .groupBy((v) => [v.slice(-2), v], { name: 'counts', key: text, value: json<string>() })
      .count({ name: 'counts', value: json<number>() })
      .toStream()
      .to(jsonTopic<number>('out'))
  }),

  'join-stream-table-inner': declared((builder) => {
    const table = builder.table(jsonTopic<string>('table'), { name: 'rows' })
    builder.stream(jsonTopic<string>('stream')).join(table, both).to(textsOut)
  }),

  'join-stream-table-left': declared((builder) => {
    const table = builder.table(jsonTopic<string>('table'), { name: 'rows' })
    builder.stream(jsonTopic<string>('stream')).leftJoin(table, both).to(textsOut)
  })
}
