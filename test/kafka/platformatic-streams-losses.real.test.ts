import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { StreamsMember } from '../../kafka/platformatic/streams-group.ts'
import { streamsGroupHeartbeat } from '../../kafka/platformatic/streams-heartbeat-api.ts'
import { until, workspaces } from './conformance/workspace.ts'
import { LosingProxy } from './platformatic/losing-proxy.ts'
import { OwnBroker } from './platformatic/own-broker.ts'

const heartbeat = { key: streamsGroupHeartbeat[1].key, version: 1 }
const shutdown = { code: 'APPLICATION_SHUTDOWN' }

describe('a streams group whose messages are lost', { timeout: 60_000 }, () => {
  let broker: OwnBroker
  let proxy: LosingProxy
  const closing: StreamsMember[] = []
  beforeAll(async () => {
    proxy = await LosingProxy.start()
    broker = await OwnBroker.start(proxy.settings, (address) => proxy.forwardTo(address))
  }, 120_000)
  afterEach(async () => {
    proxy.keep()
    for (const opened of closing.splice(0)) await opened.close({ leave: true })
  })
  afterAll(async () => {
    await broker?.close()
    await proxy?.close()
  })

  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: [proxy.address] }),
    close: async () => {}
  }))

  async function joined(groupId: string, name: string, topic: string): Promise<StreamsMember> {
    const none = { repartitionSinkTopics: [], repartitionSourceTopics: [], changelogTopics: [] }
    const member = new StreamsMember(
      {
        clientId: name,
        groupId,
        instanceId: name,
        processId: name,
        topology: [{ id: '0', sourceTopics: [topic], copartitioned: false, ...none }],
        tags: {},
        endpoint: null,
        rebalanceTimeoutMs: 10_000,
        offsets: () => []
      },
      { brokers: [proxy.address] }
    )
    closing.push(member)
    await member.join()
    return member
  }

  function isToldToStop(member: StreamsMember): boolean {
    try {
      member.check()
      return false
    } catch (error) {
      expect(error).toMatchObject(shutdown)
      return true
    }
  }

  it.each<[string, (asking: StreamsMember) => Promise<void>]>([
    [
      'the heartbeat that told it was lost',
      async (asking) => {
        const before = proxy.lost
        proxy.lose(heartbeat.key, 'request')
        asking.shutDownApplication()
        await until('it is lost', () => proxy.lost > before)
      }
    ],
    [
      'who asked joined anew',
      async (asking) => {
        asking.shutDownApplication()
        await asking.join().catch((error) => expect(error).toMatchObject(shutdown))
      }
    ]
  ])('stops when %s', async (_what, ask) => {
    const space = workspace()
    const topic = await space.topic(2)
    const groupId = space.name('streams')
    const one = await joined(groupId, 'one', topic)
    const two = await joined(groupId, 'two', topic)
    // heartbeats that follow a join at once are none of those meant here
    const seen = proxy.seen(heartbeat)
    await until('both have told what they have', () => proxy.seen(heartbeat) >= seen + 4)
    await ask(one)
    await until('both are told to stop', () => [one, two].every(isToldToStop))
  })

  it('joins within its session though the answer to its join was lost', async () => {
    const space = workspace()
    const topic = await space.topic(1)
    const begun = Date.now()
    const before = proxy.lost
    proxy.lose(heartbeat.key, 'answer')
    const one = await joined(space.name('streams'), 'one', topic)
    expect(proxy.lost - before).toBe(1)
    expect(Date.now() - begun).toBeLessThan(15_000)
    await until('it has its task', () => one.assigned().active.length === 1)
    one.check()
  })

  it('is given its tasks though the answer that brought them was lost', async () => {
    const space = workspace()
    const topic = await space.topic(4)
    const groupId = space.name('streams')
    const countOf = (member: StreamsMember) =>
      member.assigned().active.reduce((sum, { partitions }) => sum + partitions.length, 0)
    const one = await joined(groupId, 'one', topic)
    await until('the only member has all tasks', () => countOf(one) === 4)
    one.owns(one.assigned())
    const two = await joined(groupId, 'two', topic)
    two.owns(two.assigned())
    await until('the first one is to have half of them', () => countOf(one) === 2)
    const before = proxy.lost
    // what the one tells, and what the other is told, at least once each
    proxy.lose(heartbeat.key, 'answer', 4)
    one.owns(one.assigned())
    await until('both have what is theirs', () => countOf(one) === 2 && countOf(two) === 2)
    expect(proxy.lost - before).toBe(4)
    for (const each of [one, two]) each.check()
  })
})
