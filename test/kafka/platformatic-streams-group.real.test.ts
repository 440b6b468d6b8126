import { isDeepStrictEqual } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { Cluster } from '../../kafka/platformatic/cluster.ts'
import { Coordinator } from '../../kafka/platformatic/coordinator.ts'
import { StreamsMember } from '../../kafka/platformatic/streams-group.ts'
import { streamsGroupHeartbeat } from '../../kafka/platformatic/streams-heartbeat-api.ts'
import type {
  StreamsGroupOptions,
  StreamsSubTopology,
  StreamsTasks,
  TaskIds
} from '../../kafka/port/streams-group.ts'
import { until, workspaces } from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'
import { setOfGroup } from './platformatic/group-setting.ts'

const replaced = { code: 'GROUP_FENCED', message: expect.stringContaining('another process took its place') }

const counting: StreamsSubTopology = {
  id: '0',
  sourceTopics: [],
  repartitionSinkTopics: [],
  repartitionSourceTopics: [],
  changelogTopics: [],
  copartitioned: false
}

describe('a streams group', { timeout: 60_000 }, () => {
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: realBrokers() }),
    close: async () => {}
  }))
  const closing: StreamsMember[] = []
  afterEach(async () => {
    for (const opened of closing.splice(0)) await opened.close({ leave: true })
  })

  function member(
    groupId: string,
    name: string,
    topic: string,
    options: Partial<StreamsGroupOptions> = {}
  ): StreamsMember {
    const opened = new StreamsMember(
      {
        clientId: name,
        groupId,
        instanceId: name,
        processId: name,
        topology: [
          { ...counting, sourceTopics: [topic], repartitionSinkTopics: [`${groupId}-by-word`] },
          {
            id: '1',
            sourceTopics: [],
            repartitionSinkTopics: [],
            repartitionSourceTopics: [{ name: `${groupId}-by-word`, partitions: 0, configs: {} }],
            changelogTopics: [
              { name: `${groupId}-counts-changelog`, partitions: 0, configs: { 'cleanup.policy': 'compact' } }
            ],
            copartitioned: true
          }
        ],
        tags: {},
        endpoint: `${name}.example:8080`,
        rebalanceTimeoutMs: 10_000,
        offsets: () => [],
        ...options
      },
      { brokers: realBrokers() }
    )
    closing.push(opened)
    return opened
  }

  async function leaveForAWhile(one: StreamsMember): Promise<void> {
    const { groupId, instanceId, memberId } = one.metadata()
    const cluster = new Cluster('in-its-name', { brokers: realBrokers() })
    const nothing = {
      topology: null,
      tasks: null,
      processId: null,
      tags: null,
      endpoint: null,
      offsets: null
    }
    const left = await new Coordinator(cluster, groupId).call(
      'heartbeat',
      undefined,
      streamsGroupHeartbeat[1],
      {
        ...nothing,
        groupId,
        memberId,
        instanceId,
        memberEpoch: -2,
        endpointEpoch: -1,
        rebalanceTimeoutMs: -1,
        shutdownApplication: false
      }
    )
    expect(left.errorCode).toBe(0)
    await cluster.close()
  }

  const countOf = (ids: readonly TaskIds[]) => ids.reduce((sum, { partitions }) => sum + partitions.length, 0)
  const names = ({ active }: StreamsTasks) =>
    active.flatMap(({ subTopology, partitions }) => partitions.map((one) => `${subTopology}_${one}`)).sort()

  it('hands tasks to two members, once their owner has given them up', async () => {
    const space = workspace()
    const topic = await space.topic(4)
    const groupId = space.name('streams')
    const one = member(groupId, 'one', topic)
    await one.join()
    await until('the only member has all tasks', () => countOf(one.assigned().active) === 8)
    expect(names(one.assigned())).toEqual(['0', '1'].flatMap((id) => [0, 1, 2, 3].map((p) => `${id}_${p}`)))
    one.owns(one.assigned())
    const position = { topic, partition: 0, offset: 3, metadata: 'm' }
    await one.commit([position])
    expect(await one.committed([{ topic, partition: 0 }])).toEqual([position])

    const two = member(groupId, 'two', topic)
    await two.join()
    const { generationId } = one.metadata()
    await until('the first one is to have half of them', () => countOf(one.assigned().active) === 4)
    expect(countOf(two.assigned().active), 'they are not free yet').toBe(0)
    one.owns(one.assigned())
    await until('the other one has the rest', () => countOf(two.assigned().active) === 4)
    two.owns(two.assigned())
    expect([...names(one.assigned()), ...names(two.assigned())].sort()).toHaveLength(8)
    expect(new Set([...names(one.assigned()), ...names(two.assigned())]).size).toBe(8)
    const endpointsOf = (who: StreamsMember) =>
      new Map(who.endpoints().map(({ endpoint, active }) => [endpoint, active.length]))
    const both = new Map(['one', 'two'].map((name) => [`${name}.example:8080`, 4]))
    await until('both know who has what', () => {
      return [one, two].every((who) => isDeepStrictEqual(endpointsOf(who), both))
    })
    await until('its epoch moved on', () => one.metadata().generationId > generationId)
    for (const each of [one, two]) each.check()
    expect([...(await one.instances())].sort()).toEqual(['one', 'two'])

    await two.close({ leave: true })
    await until('the first one has all again', () => countOf(one.assigned().active) === 8)
    expect(await one.instances(), 'one that has left is none of them').toEqual(['one'])
    one.owns(one.assigned())
    await one.commit([{ ...position, offset: 4 }])
  })

  it('gives a task to whose copy was the furthest when it was told last', async () => {
    const space = workspace()
    const topic = await space.topic(1)
    const groupId = space.name('streams')
    await setOfGroup(realBrokers(), groupId, 'streams.task.offset.interval.ms', '500')
    const changelogTopics = [{ name: `${groupId}-counts-changelog`, partitions: 0, configs: {} }]
    const topology = [{ ...counting, sourceTopics: [topic], changelogTopics }]
    const copies = new Map([
      ['two', 20],
      ['three', 10]
    ])
    const asked = new Map<string, number>()
    const join = async (name: string): Promise<StreamsMember> => {
      const offsets = () => {
        asked.set(name, (asked.get(name) ?? 0) + 1)
        const offset = copies.get(name)
        return offset === undefined ? [] : [{ subTopology: '0', partition: 0, offset, endOffset: 100 }]
      }
      const joined = member(groupId, name, topic, { topology, offsets })
      await joined.join()
      return joined
    }
    const has = (who: StreamsMember) => names(who.assigned()).length === 1

    const one = await join('one')
    await until('the only member has the task', () => has(one))
    one.owns(one.assigned())
    const two = await join('two')
    const three = await join('three')
    await one.close({ leave: true })
    await until('the copy that was ahead at the join gets it', () => has(two))
    two.owns(two.assigned())

    // told with a heartbeat
    const four = await join('four')
    copies.set('three', 30)
    copies.set('four', 40)
    asked.clear()
    await until('they were asked again', () => ['three', 'four'].every((name) => (asked.get(name) ?? 0) > 2))
    await two.close({ leave: true })
    await until('the copy that is ahead now gets it', () => has(four))
    expect(has(three)).toBe(false)
  })

  it('joins anew while it tells what it has', async () => {
    const space = workspace()
    const one = member(space.name('streams'), 'one', await space.topic(4))
    await one.join()
    await until('it has all tasks', () => countOf(one.assigned().active) === 8)
    for (let round = 0; round < 20; round++) {
      one.owns(one.assigned())
      // a heartbeat that was just sent
      for (let turn = 0; turn < round; turn++) await Promise.resolve()
      await one.join()
    }
    await until('it has all tasks again', () => countOf(one.assigned().active) === 8)
    one.check()
  })

  it.each<[string, (one: StreamsMember, topic: string) => Promise<void>]>([
    [
      'its next heartbeat',
      async (one) => {
        one.owns(one.assigned())
        const told = expect.objectContaining(replaced)
        await vi.waitFor(() => expect(() => one.check()).toThrow(told), 10_000)
      }
    ],
    [
      'the join that follows a commit',
      async (one, topic) => {
        const offsets = [{ topic, partition: 0, offset: 1, metadata: '' }]
        await expect(one.commit(offsets)).rejects.toMatchObject({ code: 'GROUP_REBALANCE' })
        await expect(one.join()).rejects.toMatchObject(replaced)
      }
    ]
  ])('is told by %s that another process took its place', async (_what, isTold) => {
    const space = workspace()
    const topic = await space.topic(1)
    const groupId = space.name('streams')
    const one = member(groupId, 'one', topic)
    await one.join()
    await until('it has its tasks', () => countOf(one.assigned().active) === 2)
    // as if it had been silent for a session
    await leaveForAWhile(one)
    const other = member(groupId, 'one', topic)
    await other.join()
    await isTold(one, topic)
    expect(one.inPlace()).toBe(false)
    await one.close({ leave: true })
    expect(await other.instances(), 'who was put out gives up no place').toEqual(['one'])
    other.check()
  })

  it('is told when the group has another graph, or members of another kind', async () => {
    const space = workspace()
    const [topic, other] = [await space.topic(1), await space.topic(1)]
    const groupId = space.name('streams')
    await member(groupId, 'one', topic).join()
    await expect(member(groupId, 'two', other).join()).rejects.toMatchObject({ code: 'TOPOLOGY_CHANGED' })

    const classicId = space.name('classic')
    const classic = space.client.group({
      clientId: 'one',
      groupId: classicId,
      instanceId: 'one',
      topics: [topic]
    })
    await classic.join()
    await expect(member(classicId, 'two', topic).join()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await classic.close({ leave: true })
    const refused = space.client.group({ clientId: 'two', groupId, instanceId: 'two', topics: [topic] })
    await expect(refused.join()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await refused.close()
  })
})
