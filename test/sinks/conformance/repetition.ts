import { describe, expect, it } from 'vitest'
import type { Sink } from '../../../sinks/sink.ts'
import { type Item, item, type Workspace } from './workspace.ts'

/** Notes which records it was given. */
function noting(sink: Sink<string, Item>, offsets: number[]): Sink<string, Item> {
  return {
    name: sink.name,
    open: (...where) => sink.open(...where),
    close: () => sink.close(),
    write(batch) {
      offsets.push(...batch.records.map(({ offset }) => offset))
      return sink.write(batch)
    }
  }
}

export function describeRepetition(workspace: () => Workspace): void {
  describe('repetition', () => {
    it('goes on after a restart where it was', async () => {
      const space = workspace()
      space.send(0, ['a', item(1)], ['b', item(1)])
      await space.carry()
      space.send(0, ['a', item(2)])
      const offsets: number[] = []
      await space.carry({ sink: noting(space.place.sink('direct'), offsets) })
      expect(offsets).toEqual([2])
      expect(await space.place.rows()).toEqual([
        ['a', 2, 'fine'],
        ['b', 1, 'fine']
      ])
    })

    it('lets what is read again change nothing', async () => {
      const space = workspace()
      space.send(0, ['a', item(1)], ['b', item(1)], ['a', item(2)], ['b', null])
      await space.carry({ batchRecords: 1 })
      const before = await space.place.rows()
      expect(before).toEqual([['a', 2, 'fine']])
      // the group's offsets are lost
      const offsets: number[] = []
      const task = await space.task({
        groupId: 'other',
        batchRecords: 1,
        sink: noting(space.place.sink('direct'), offsets)
      })
      await space.carried(task)
      expect(offsets).toEqual(space.place.keepsPosition ? [] : [0, 1, 2, 3])
      expect(await space.place.rows()).toEqual(before)
    })

    it('lets a replay from the sources change nothing', async () => {
      const space = workspace()
      const entries = [
        ['a', item(1)],
        ['b', item(2)]
      ] as const
      space.send(0, ...entries)
      await space.carry()
      const before = await space.place.rows()
      space.send(0, ...entries)
      await space.carry()
      expect(await space.place.rows()).toEqual(before)
    })

    it('takes the records of a topic that was made again, whose offsets start over', async () => {
      const space = workspace()
      space.send(0, ['a', item(1)], ['a', item(2)], ['a', item(3)], ['b', item(1)])
      await space.carry()
      space.broker.deleteTopicSync('sales')
      space.makeTopic()
      space.send(0, ['a', item(9)], ['b', null], ['c', item(1)])
      await space.carry()
      expect(await space.place.rows()).toEqual([
        ['a', 9, 'fine'],
        ['c', 1, 'fine']
      ])
    })
  })
}
