import type { StreamsBuilder } from '../../../index.ts'
import { type CaseTopologies, declared, json, jsonTopic, text } from './case-topology.ts'

const both = (l: string | null, r: string | null) => `${l}+${r}`
const result = { name: 'j', value: json<string>() }
const leftTable = (builder: StreamsBuilder) => builder.table(jsonTopic<string>('left'), { name: 'l' })
const rightTable = (builder: StreamsBuilder) => builder.table(jsonTopic<string>('right'), { name: 'r' })
const textsOut = jsonTopic<string>('out')

interface Order {
  readonly qty: number
  readonly sku?: string
}

const byProduct = (kind: 'join' | 'leftJoin') =>
  declared((builder) => {
    const orders = builder.table(jsonTopic<Order>('left'), { name: 'l' })
    const products = rightTable(builder)
    const skuOf = (order: Order) => order.sku ?? null
    const named = (order: Order, product: string | null) => `${order.qty}x${product}`
    const options = { name: 'fk', store: result }
    const joined =
      kind === 'join'
        ? orders.join(products, skuOf, named, options)
        : orders.leftJoin(products, skuOf, named, options)
    joined.toStream().to(textsOut)
  })

export const tableJoinTopologies: CaseTopologies = {
  'join-table-foreign-key-inner': byProduct('join'),
  'join-table-foreign-key-left': byProduct('leftJoin'),

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
