import { type CaseTopologies, declared, json, jsonTopic, text } from './case-topology.ts'

const numbers = () => jsonTopic<number>('in')
const numbersOut = jsonTopic<number>('out')

export const statelessTopologies: CaseTopologies = {
  'stateless-filter': declared((builder) => {
    builder
      .stream(numbers())
      .filter((v) => v > 10)
      .to(numbersOut)
  }),

  'stateless-filter-not': declared((builder) => {
    builder
      .stream(numbers())
      .filterNot((v) => v > 10)
      .to(numbersOut)
  }),

  'stateless-flat-map': declared((builder) => {
    builder
      .stream(numbers())
      .flatMap<string, number>((v, k) => Array.from({ length: v }, (_, i) => [`${k}${i}`, i] as const))
      .to(numbersOut)
  }),

  'stateless-flat-map-values': declared((builder) => {
    builder
      .stream(jsonTopic<string>('in'))
      .flatMapValues((v) => v.split(' '))
      .to(jsonTopic<string>('out'))
  }),

  'stateless-headers': declared((builder) => {
    builder
      .stream(numbers())
      .map((v, k) => [k.toUpperCase(), v])
      .filter(() => true)
      .flatMapValues((v) => [v, v + 1])
      .to(numbersOut)
  }),

  'stateless-map': declared((builder) => {
    builder
      .stream(jsonTopic<number | null>('in'))
      .map((v, k) => [`${k}!`, v === null ? 'none' : v * 2])
      .to(jsonTopic<string | number>('out'))
  }),

  'stateless-map-values': declared((builder) => {
    builder
      .stream(numbers())
      .mapValues((v, k) => (v === 12 ? null : `${k}=${v}`))
      .to(jsonTopic<string>('out'))
  }),

  'stateless-merge': declared((builder) => {
    builder
      .stream(jsonTopic<number>('left'))
      .merge(builder.stream(jsonTopic<number>('right')))
      .to(numbersOut)
  }),

  'stateless-peek-foreach': declared((builder) => {
    const stream = builder.stream(numbers()).peek(() => undefined)
    stream.foreach(() => undefined)
    stream.to(numbersOut)
  }),

  'stateless-repartition': declared((builder) => {
    builder
      .stream(numbers())
      .selectKey((v) => String(v % 3))
      .repartition({ name: 'mod', partitions: 2, key: text })
      .mapValues((v, k) => `${k}:${v}`)
      .to(jsonTopic<string>('out'))
  }),

  'stateless-select-key': declared((builder) => {
    builder
      .stream(jsonTopic<{ sku?: string }>('in'))
      .selectKey((v) => v.sku ?? null)
      .to(jsonTopic<{ sku?: string }>('out'))
  }),

  'stateless-split-branches': declared((builder) => {
    const branches = builder
      .stream(numbers())
      .split()
      .branch((v) => v > 20, 'high')
      .branch((v) => v > 10, 'middle')
      .defaultBranch('low')
    branches.high.to(jsonTopic<number>('high'))
    branches.middle.to(jsonTopic<number>('middle'))
    branches.low.to(jsonTopic<number>('low'))
  }),

  'stateless-split-no-default': declared((builder) => {
    builder
      .stream(numbers())
      .split()
      .branch((v) => v > 10, 'out')
      .noDefaultBranch()
      .out.to(numbersOut)
  }),

  'stateless-dynamic-topic': declared((builder) => {
    const [high, low] = [jsonTopic<number>('high'), jsonTopic<number>('low')]
    builder.stream(numbers()).to([high, low], (v) => (v > 10 ? high : low))
  }),

  'stateless-timestamp-extractor': declared((builder) => {
    builder
      .stream(jsonTopic<{ ts: number }>('in'), { timestampExtractor: ({ value }) => value?.ts ?? -1 })
      .to(jsonTopic<{ ts: number }>('out'))
  }),

  'stateless-to-table': declared((builder) => {
    builder.stream(numbers()).toTable({ name: 'latest' }).toStream().to(numbersOut)
  }),

  'stateless-two-topics-one-source': declared((builder) => {
    builder
      .stream([jsonTopic<number>('left'), jsonTopic<number>('right')])
      .mapValues((v) => v + 1)
      .to(numbersOut)
  }),

  'select-key-group-by-key-count': declared((builder) => {
    builder
      .stream(jsonTopic<{ sku: string }>('in'))
      .selectKey((v) => v.sku)
      .groupByKey({ name: 'counts', key: text })
      .count({ name: 'counts', value: json<number>() })
      .toStream()
      .to(numbersOut)
  })
}
