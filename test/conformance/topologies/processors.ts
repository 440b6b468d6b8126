import { keyValueStore, type Processor, Topology, textHeader, windowStore } from '../../../index.ts'
import { type CaseTopologies, declared, json, jsonTopic, text } from './case-topology.ts'

const numbers = () => jsonTopic<number>('in')
const counted = keyValueStore({ name: 'counts', key: text, value: json<number>() })
const summed = keyValueStore({ name: 'sums', key: text, value: json<number>() })
const seenBefore = keyValueStore({ name: 'seen', key: text, value: json<number>() })
const recently = windowStore({
  name: 'recent',
  key: text,
  value: json<number>(),
  windowSizeMs: 100,
  retentionMs: 1000
})

interface Numbered {
  readonly count: number
  readonly value: number | null
}

/** Numbers the records of a key and sends them to a child by their sign. */
function router(): Processor<string, number, string, Numbered> {
  return {
    process(record, context) {
      const counts = context.store(counted)
      const key = record.key as string
      const count = (counts.get(key) ?? 0) + 1
      counts.put(key, count, record.timestamp)
      const value = record.value as number
      const result = { ...record, value: { count, value } }
      if (value < 0) context.forward(result, 'negative')
      else if (value === 0) context.forward({ ...result, timestamp: record.timestamp + 1000 })
      else context.forward(result, 'positive')
    }
  }
}

interface SumAt {
  readonly at: number
  readonly sum: number
}

/** Adds values up and emits and forgets the sums each 100 ms. */
function summing(time: 'stream' | 'wall-clock'): () => Processor<string, number, string, SumAt> {
  return () => ({
    init(context) {
      context.schedule(100, time, (now) => {
        const sums = context.store(summed)
        for (const { key, value } of sums.all()) {
          context.forward({ key, value: { at: now, sum: value }, timestamp: now, headers: [] })
          sums.delete(key, now)
        }
      })
    },
    process(record, context) {
      const sums = context.store(summed)
      const key = record.key as string
      sums.put(key, (sums.get(key) ?? 0) + (record.value as number), record.timestamp)
    }
  })
}

function punctuated(time: 'stream' | 'wall-clock') {
  return declared((builder) => {
    builder
      .stream(numbers())
      .process(summing(time), { stores: [summed] })
      .to(jsonTopic<SumAt>('out'))
  })
}

export const processorTopologies: CaseTopologies = {
  'process-forward-to-child': () => ({
    topology: new Topology()
      .addSource('source', numbers())
      .addProcessor('router', router, 'source')
      .addStateStore(counted, 'router')
      .addSink('positive', jsonTopic<Numbered>('out-positive'), 'router')
      .addSink('negative', jsonTopic<Numbered>('out-negative'), 'router')
  }),

  'process-headers-and-time': declared((builder) => {
    builder
      .stream(numbers())
      .process<string, { streamTime: number; wallClock: number }>(() => ({
        process: (record, context) =>
          context.forward({
            key: `${record.key}!`,
            value: { streamTime: context.streamTime(), wallClock: context.wallClock() },
            timestamp: 7,
            headers: [...record.headers, textHeader('seen', 'yes')]
          })
      }))
      .to(jsonTopic<{ streamTime: number; wallClock: number }>('out'))
  }),

  'process-values-with-store': declared((builder) => {
    builder
      .stream(numbers())
      .processValues<string>(
        () => ({
          process(record, context) {
            const seen = context.store(seenBefore)
            const key = record.key as string
            const n = (seen.get(key) ?? 0) + 1
            seen.put(key, n, record.timestamp)
            for (let i = 0; i < n; i++) context.forward({ ...record, value: `${record.value}#${n}.${i}` })
          }
        }),
        { stores: [seenBefore] }
      )
      .to(jsonTopic<string>('out'))
  }),

  'process-window-store-dedup': declared((builder) => {
    builder
      .stream(numbers())
      .process<string, number>(
        () => ({
          process(record, context) {
            const recent = context.store(recently)
            const { key, value, timestamp } = record
            const id = `${key}/${value}`
            const seen = [...recent.fetch(id, timestamp - 100, timestamp + 100)].length > 0
            recent.put(id, timestamp, timestamp, timestamp)
            if (!seen) context.forward(record)
          }
        }),
        { stores: [recently] }
      )
      .to(jsonTopic<number>('out'))
  }),

  'punctuate-stream-time': punctuated('stream'),
  'punctuate-wall-clock': punctuated('wall-clock')
}
