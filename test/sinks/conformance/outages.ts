import { describe, expect, it, vi } from 'vitest'
import { item, refused, type Workspace } from './workspace.ts'

export function describeOutages(workspace: () => Workspace): void {
  describe('outages', () => {
    it('waits while the server is down, says so, and goes on when it is back', async () => {
      const space = workspace()
      const { proxy } = space.place
      const task = await space.task({ sink: space.place.sink('proxy') })
      space.send(0, ['a', item(1)])
      await space.carried(task)
      await proxy.cut()
      space.send(0, ['a', item(2)], ['b', item(1)])
      await vi.waitFor(
        () => expect(task.progress().partitions.get('sales-0')?.problem).toBeTypeOf('string'),
        {
          timeout: 10_000
        }
      )
      expect(await space.place.rows()).toEqual([['a', 1, 'fine']])
      await proxy.join()
      await space.carried(task)
      expect(await space.place.rows()).toEqual([
        ['a', 2, 'fine'],
        ['b', 1, 'fine']
      ])
      expect(task.progress().partitions.get('sales-0')?.problem).toBeUndefined()
    })

    it('waits from the beginning for a server that is not there yet', async () => {
      const space = workspace()
      const { proxy } = space.place
      await proxy.cut()
      space.send(0, ['a', item(1)])
      const task = await space.task({ sink: space.place.sink('proxy') })
      await vi.waitFor(
        () => expect(task.progress().partitions.get('sales-0')?.problem).toBeTypeOf('string'),
        {
          timeout: 10_000
        }
      )
      await proxy.join()
      await space.carried(task)
      expect(await space.place.rows()).toEqual([['a', 1, 'fine']])
    })

    for (const [what, side] of [
      ['a request that did not arrive', 'cutBefore'],
      ['an answer that was lost', 'cutAnswerTo']
    ] as const)
      it(`brings each record its effect once after ${what}`, async () => {
        const space = workspace()
        const { proxy, request } = space.place
        const task = await space.task({ sink: space.place.sink('proxy') })
        space.send(0, ['before', item(1)])
        await space.carried(task)
        let cuts = 0
        proxy[side] = (sent) => sent.includes(request) && cuts++ === 0
        space.send(0, ['a', item(1)], ['bad', refused], ['b', item(2)], ['before', null])
        await space.carried(task)
        expect(cuts).toBeGreaterThan(1)
        expect(await space.place.rows()).toEqual([
          ['a', 1, 'fine'],
          ['b', 2, 'fine']
        ])
        expect(new Set(space.deadLetters())).toEqual(new Set(['sales-0-2']))
      })
  })
}
