import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  integer,
  type KafkaClient,
  type KafkaStreams,
  StreamsBuilder,
  type StreamsConfig,
  string,
  type Topology,
  topic
} from '../../index.ts'
import type { GroupOptions } from '../../kafka/port/group.ts'
import { MemoryApp } from './memory-app.ts'

const words = topic('words', { key: string(), value: string(), partitions: 1 })
const changelog = 'app-counts-changelog'

function counted(cached: boolean): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream(words)
    .groupByKey()
    .aggregate({ name: 'counts', initial: () => 0, add: (_, count) => count + 1, value: integer(), cached })
  return builder.build()
}

let app: MemoryApp
let away: boolean

beforeEach(async () => {
  app = await MemoryApp.create()
  away = false
})

afterEach(() => app.dispose())

/** A client whose groups are not heard from while `away`. */
function losing(client: KafkaClient): KafkaClient {
  return new Proxy(client, {
    get(target, name) {
      if (name === 'group')
        return (options: GroupOptions) => {
          const member = target.group(options)
          const inPlace = member.inPlace.bind(member)
          member.inPlace = () => !away && inPlace()
          return member
        }
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

async function started(
  cached: boolean,
  processingGuarantee: StreamsConfig['processingGuarantee']
): Promise<KafkaStreams> {
  await write('a')
  const streams = await app.start(counted(cached), {
    kafka: losing(app.client),
    ...(processingGuarantee === undefined ? {} : { processingGuarantee }),
    numStandbyReplicas: 1,
    commitIntervalMs: 20
  })
  await app.caughtUp(streams)
  return streams
}

async function write(value: string): Promise<void> {
  await app.write(words, [{ key: 'k', value, timestamp: 1 }])
}

it.each([
  ['a cached store', true],
  ['an uncached store', false]
])(
  'at least once: who may have lost its place writes nothing over the changelog of %s',
  async (_, cached) => {
    const streams = await started(cached, 'at_least_once')
    away = true
    await write('b')
    await setTimeout(200)
    expect(app.broker.readAll(changelog)).toHaveLength(1)
    away = false
    await app.until(streams, () => app.broker.readAll(changelog).length === 2)
    await app.caughtUp(streams)
  }
)

it('exactly once: it goes on, for its transactions are refused', async () => {
  const streams = await started(true, 'exactly_once_v2')
  away = true
  await write('b')
  await app.until(streams, async () => (await streams.lag()).records === 0)
})

it('its stores are not to be read while others may have its tasks', async () => {
  const streams = await started(true, 'exactly_once_v2')
  const counts = () => streams.keyValueStores<string, number>('counts').map((store) => store.get('k'))
  expect(counts()).toEqual([1])
  away = true
  expect(counts()).toEqual([])
  away = false
  expect(counts()).toEqual([1])
})

it('a copy does not tell how far it is behind while its brokers may be away', async () => {
  await started(true, 'exactly_once_v2')
  const other = await app.start(counted(true), {
    kafka: losing(app.client),
    stateDirectory: `${app.stateDirectory}/other`,
    numStandbyReplicas: 1,
    commitIntervalMs: 20
  })
  const lags = () => other.tasks().map(({ role, lag, lagMs }) => [role, lag, lagMs])
  const copies = () => other.stores.local('counts').map(({ role, lag }) => [role, lag])
  await app.until(other, () => copies()[0]?.[1] === 0)
  expect(lags()).toEqual([['standby', 0, 0]])
  away = true
  expect(lags()).toEqual([['standby', undefined, undefined]])
  expect(copies()).toEqual([['standby', undefined]])
})
