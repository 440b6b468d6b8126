import { describe, expect, it } from 'vitest'
import type { GroupMember, GroupOffset } from '../../../kafka/port/group.ts'
import { append, sleep, values, type Workspace } from './workspace.ts'

interface Input {
  readonly topic: string
  readonly groupId: string
  readonly member: GroupMember
}

async function joined(space: Workspace, partitions = 4): Promise<Input> {
  const topic = await space.topic(partitions)
  const groupId = space.name('group')
  const member = space.group({ groupId, instanceId: 'pod-0', topics: [topic] })
  await member.join()
  return { topic, groupId, member }
}

function positions(
  topic: string,
  offset: number,
  partitions: readonly number[] = [0, 1, 2, 3]
): GroupOffset[] {
  return partitions.map((partition) => ({
    topic,
    partition,
    offset: offset + partition,
    metadata: `m${partition}`
  }))
}

function sorted(offsets: readonly GroupOffset[]): GroupOffset[] {
  return [...offsets].sort((a, b) => a.partition - b.partition)
}

export function describeTransactionOffsets(workspace: () => Workspace): void {
  describe('offsets in a transaction', () => {
    it('E: are committed with it, all of them, with their metadata', async () => {
      const space = workspace()
      const { topic, member } = await joined(space)
      const all = positions(topic, 0)
      const producer = await space.transactional()
      await producer.begin()
      await append(producer, await space.topic(), [{ value: 'output' }])
      await producer.sendOffsets(positions(topic, 10), member)
      await producer.commit()
      expect(sorted(await member.committed(all))).toEqual(positions(topic, 10))
      // several calls at once, as callers that do not know of each other make them
      await producer.begin()
      await Promise.all(
        all.map(({ partition }) => producer.sendOffsets(positions(topic, 20, [partition]), member))
      )
      await producer.commit()
      expect(sorted(await member.committed(all))).toEqual(positions(topic, 20))
    })

    it('are not committed when it is aborted', async () => {
      const space = workspace()
      const { topic, member } = await joined(space)
      const all = positions(topic, 0)
      await member.commit(positions(topic, 5))
      const producer = await space.transactional()
      await producer.begin()
      await producer.sendOffsets(positions(topic, 10), member)
      await producer.abort()
      expect(sorted(await member.committed(all))).toEqual(positions(topic, 5))
      await producer.begin()
      await producer.sendOffsets(positions(topic, 30), member)
      await producer.commit()
      expect(sorted(await member.committed(all))).toEqual(positions(topic, 30))
    })

    it('are waited for by who asks what is committed', async () => {
      const space = workspace()
      const { topic, member } = await joined(space, 1)
      const asked = positions(topic, 0, [0])
      const producer = await space.transactional()
      await producer.begin()
      await producer.sendOffsets(positions(topic, 10, [0]), member)
      let answered = false
      const asking = member.committed(asked).then((offsets) => {
        answered = true
        return offsets
      })
      await sleep(300)
      expect(answered).toBe(false)
      await producer.commit()
      expect(await asking).toEqual(positions(topic, 10, [0]))
    })

    it('are refused of a member that lost its place; the transaction can only be aborted', async () => {
      const space = workspace()
      const { topic, groupId, member } = await joined(space)
      const output = await space.topic()
      const former = member.metadata()
      const next = space.group({ groupId, instanceId: 'pod-0', topics: [topic] })
      await next.join()
      const producer = await space.transactional()
      const stale = { ...next.metadata(), generationId: next.metadata().generationId + 7 }
      for (const [metadata, code] of [
        [former, 'GROUP_FENCED'],
        [stale, 'GROUP_REBALANCE']
      ] as const) {
        await producer.begin()
        await append(producer, output, [{ value: code }])
        const committer = { metadata: () => metadata, regains: async () => false }
        await expect(producer.sendOffsets(positions(topic, 10), committer)).rejects.toMatchObject({ code })
        await expect(producer.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTABLE' })
        await producer.abort()
      }
      await producer.begin()
      await append(producer, output, [{ value: 'kept' }])
      await producer.sendOffsets(positions(topic, 20), next)
      await producer.commit()
      expect(sorted(await next.committed(positions(topic, 0)))).toEqual(positions(topic, 20))
      expect(values(await space.read(output, 1))).toEqual(['kept'])
    })

    it('are refused of a fenced producer', async () => {
      const space = workspace()
      const { topic, member } = await joined(space)
      const transactionalId = space.name('owner')
      const former = await space.transactional({ transactionalId })
      await former.begin()
      await space.transactional({ transactionalId })
      await expect(former.sendOffsets(positions(topic, 10), member)).rejects.toMatchObject({
        code: 'PRODUCER_FENCED'
      })
      expect(await member.committed(positions(topic, 0))).toEqual([])
    })
  })
}
