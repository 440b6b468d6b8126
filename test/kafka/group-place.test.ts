import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { GroupPlace } from '../../kafka/platformatic/group-place.ts'
import type { HeartbeatNews, Heartbeats } from '../../kafka/platformatic/heartbeats.ts'

function heartbeats(latest: HeartbeatNews, heardAt = performance.now()): Heartbeats {
  return { latest, heardAt } as Heartbeats
}

const options = { sessionTimeoutMs: 50, rebalanceTimeoutMs: 10_000 }

it('a place is held for a session after the group has answered', async () => {
  const place = new GroupPlace(options)
  expect(place.isHeld).toBe(false)
  place.taken(heartbeats('fine'))
  expect(place.isHeld).toBe(true)
  await sleep(70)
  expect(place.isHeld).toBe(false)
  place.taken(heartbeats('rebalance'))
  expect(place.isHeld).toBe(true)
  for (const news of ['fenced', 'unknown-member'] as const) {
    place.taken(heartbeats(news))
    expect(place.isHeld).toBe(false)
  }
})

it('a join that began in place waits for the others; what was lost before stays so until it is answered', async () => {
  const place = new GroupPlace(options)
  place.taken(heartbeats('rebalance'))
  place.joins()
  await place.waiting(async () => {
    await sleep(70)
    expect(place.isHeld).toBe(true)
  })
  // it has failed
  expect(place.isHeld).toBe(false)
  place.taken(heartbeats('unknown-member'))
  place.joins()
  expect(place.isHeld).toBe(false)
  await place.waiting(async () => expect(place.isHeld).toBe(false))
  place.taken(heartbeats('fine'))
  expect(place.isHeld).toBe(true)
  place.lost()
  expect(place.isHeld).toBe(false)
})
