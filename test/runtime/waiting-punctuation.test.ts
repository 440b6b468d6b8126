import { expect, it } from 'vitest'
import { keyValueStore, StreamsBuilder, string, topic } from '../../index.ts'
import { Punctuation } from '../../runtime/task/punctuation.ts'
import { TopologyTestDriver } from '../../testing.ts'

it('whoever has to wait for a commit comes first after it, also before what is due again', () => {
  let full = false
  const calls = { often: 0, seldom: 0 }
  const punctuation = new Punctuation(() => full)
  punctuation.schedule(100, 'wall-clock', 0, () => {
    calls.often++
    full = true
  })
  punctuation.schedule(1_000, 'wall-clock', 0, () => calls.seldom++)
  // turns that last longer than the interval, each with a commit
  for (let now = 120; now <= 60_000; now += 120) {
    full = false
    punctuation.runWaiting(0, now)
    punctuation.run('wall-clock', now)
  }
  expect(calls.seldom).toBeGreaterThan(50)
  expect(calls.often).toBeGreaterThan(400)
})

it('in a driver all that is due has been called when time was advanced, however small the buffers', () => {
  const input = topic('input', { key: string(), value: string() })
  const out = topic('out', { key: string(), value: string() })
  const store = keyValueStore({ name: 'kept', key: string(), value: string() })
  const builder = new StreamsBuilder()
  builder
    .stream(input)
    .process<string, string>(
      () => ({
        init(context) {
          const kept = context.store(store)
          for (const name of ['a', 'b', 'c'])
            context.schedule(10, 'wall-clock', (time) => {
              kept.put(name, 'x'.repeat(5_000), time)
              context.forward({ key: name, value: name, timestamp: time, headers: [] })
            })
        },
        process() {}
      }),
      { stores: [store] }
    )
    .to(out)
  const driver = new TopologyTestDriver(builder.build(), { cacheMaxBytes: 4_000 })
  driver.advanceWallClock(10)
  expect(driver.read(out).map(({ value }) => value)).toEqual(['a', 'b', 'c'])
})
