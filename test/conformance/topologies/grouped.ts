import { type CaseTopologies, declared, json, jsonTopic, text } from './case-topology.ts'

const numbers = () => jsonTopic<number>('in')
const numbersOut = jsonTopic<number>('out')
const count = json<number>()

interface Totals {
  readonly count: number
  readonly sum: number
}

interface Net {
  readonly sold: number
  readonly returned: number
}

export const groupedTopologies: CaseTopologies = {
  'group-by-count': declared((builder) => {
    builder
      .stream(jsonTopic<{ category?: string }>('in'))
      .groupBy((v) => v.category ?? null, { name: 'by-category', key: text })
      .count({ name: 'counts', value: count })
      .toStream()
      .to(numbersOut)
  }),

  'group-by-key-aggregate': declared((builder) => {
    builder
      .stream(numbers())
      .groupByKey()
      .aggregate({
        name: 'totals',
        initial: (): Totals => ({ count: 0, sum: 0 }),
        add: (v, totals) => ({ count: totals.count + 1, sum: totals.sum + v }),
        value: json<Totals>()
      })
      .toStream()
      .to(jsonTopic<Totals>('out'))
  }),

  'group-by-key-aggregate-to-null': declared((builder) => {
    builder
      .stream(numbers())
      .groupByKey()
      .aggregate({
        name: 'totals',
        initial: () => 0,
        add: (v, total) => (v === 0 ? null : total + v),
        value: json<number>()
      })
      .toStream()
      .to(numbersOut)
  }),

  'group-by-key-count': declared((builder) => {
    builder.stream(numbers()).groupByKey().count({ name: 'counts', value: count }).toStream().to(numbersOut)
  }),

  'group-by-key-reduce': declared((builder) => {
    builder
      .stream(numbers())
      .groupByKey()
      .reduce({ name: 'sums', reducer: (v, sum) => sum + v })
      .toStream()
      .to(numbersOut)
  }),

  'group-by-key-reduce-to-null': declared((builder) => {
    builder
      .stream(numbers())
      .groupByKey()
      .reduce({ name: 'sums', reducer: (v, sum) => (sum + v > 5 ? null : sum + v) })
      .toStream()
      .to(numbersOut)
  }),

  cogroup: declared((builder) => {
    const sales = builder.stream(jsonTopic<number>('sales')).groupByKey()
    const returns = builder.stream(jsonTopic<number>('returns')).groupByKey()
    sales
      .cogroup<Net>((v, net) => ({ ...net, sold: net.sold + v }))
      .cogroup(returns, (v, net) => ({ ...net, returned: net.returned + v }))
      .aggregate({ name: 'net', initial: () => ({ sold: 0, returned: 0 }), value: json<Net>() })
      .toStream()
      .to(jsonTopic<Net>('out'))
  })
}
