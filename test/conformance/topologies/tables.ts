import { type CaseTopologies, declared, json, jsonTopic, text } from './case-topology.ts'

const numbers = () => jsonTopic<number>('in')
const numbersOut = jsonTopic<number>('out')

interface Row {
  readonly region: string
  readonly size: number
}

const rows = () => jsonTopic<Row>('in')
const bySizes = (name: string) => ({ name, key: text, value: json<number>() })

export const tableTopologies: CaseTopologies = {
  'table-source': declared((builder) => {
    builder.table(numbers(), { name: 'latest' }).toStream().to(numbersOut)
  }),

  'table-filter': declared((builder) => {
    builder
      .table(numbers())
      .filter((v) => v > 10)
      .toStream()
      .to(numbersOut)
  }),

  'table-filter-not': declared((builder) => {
    builder
      .table(numbers())
      .filterNot((v) => v > 10)
      .toStream()
      .to(numbersOut)
  }),

  'table-filter-materialized': declared((builder) => {
    builder
      .table(numbers())
      .filter((v) => v > 10, { name: 'high' })
      .toStream()
      .to(numbersOut)
  }),

  'table-map-values': declared((builder) => {
    builder
      .table(numbers())
      .mapValues((v, k) => `${k}=${v}`, { name: 'texts', value: json<string>() })
      .toStream()
      .to(jsonTopic<string>('out'))
  }),

  'table-to-stream-with-key': declared((builder) => {
    builder
      .table(numbers())
      .toStream((v, k) => `${k}-${v}`)
      .to(numbersOut)
  }),

  'table-group-by-aggregate': declared((builder) => {
    builder
      .table(rows(), { name: 'rows' })
      .groupBy((v) => [v.region, v.size], bySizes('sizes'))
      .aggregate({
        name: 'sizes',
        initial: () => 0,
        add: (v, total) => total + v,
        subtract: (v, total) => total - v,
        value: json<number>()
      })
      .toStream()
      .to(numbersOut)
  }),

  'table-group-by-count': declared((builder) => {
    builder
      .table(rows(), { name: 'rows' })
      .groupBy((v) => [v.region, v.size], bySizes('counts'))
      .count({ name: 'counts', value: json<number>() })
      .toStream()
      .to(numbersOut)
  }),

  'table-group-by-reduce': declared((builder) => {
    builder
      .table(rows(), { name: 'rows' })
      .groupBy((v) => [v.region, v.size], bySizes('sizes'))
      .reduce({ name: 'sizes', reducer: (v, sum) => sum + v, subtractor: (v, sum) => sum - v })
      .toStream()
      .to(numbersOut)
  })
}
