import { describe, expect, it } from 'vitest'
import { type Item, item, takenBack, type Workspace } from './workspace.ts'

export function describeWriting(workspace: () => Workspace): void {
  describe('writing', () => {
    it('writes records as they are and later ones over them', async () => {
      const space = workspace()
      const wild = `it's "quoted" \\ {a,b} NULL \n é 🛒`
      space.send(0, ['a', item(1)], ['b', item(2, wild)], ['', item(0, '')])
      space.send(1, ["c'd", item(-3)])
      const task = await space.task()
      await space.carried(task)
      const rows = [
        ['a', 1, 'fine'],
        ['b', 2, wild],
        ["c'd", -3, 'fine']
      ]
      // an id without text is a row of its own where that is possible, and refused where not
      expect((await space.place.rows()).filter(([id]) => id !== '')).toEqual(rows)
      space.send(0, ['a', item(7)])
      await space.carried(task)
      expect((await space.place.rows()).filter(([id]) => id !== '')).toEqual([
        ['a', 7, 'fine'],
        ...rows.slice(1)
      ])
      expect(task.progress()).toMatchObject({ written: 5 - space.deadLetters().length })
    })

    it('takes rows away, by tombstones and by records that do so', async () => {
      const space = workspace()
      space.send(0, ['a', item(1)], ['b', item(1)], ['c', item(1)])
      const task = await space.task()
      await space.carried(task)
      space.send(0, ['a', null], ['b', takenBack], ['never', null], ['never', takenBack])
      await space.carried(task)
      expect(await space.place.rows()).toEqual([['c', 1, 'fine']])
      expect(task.progress()).toMatchObject({ written: 7, rejected: 0 })
    })

    it('lets the last record of a row count within one batch', async () => {
      const space = workspace()
      space.send(0, ['there', item(1)], ['gone', item(1)])
      await space.carry()
      space.send(
        0,
        ['added', item(1)],
        ['added', takenBack],
        ['there', takenBack],
        ['there', item(2)],
        ['gone', item(2)],
        ['gone', null],
        ['back', item(1)],
        ['back', takenBack],
        ['back', item(3)],
        ['thrice', item(1)],
        ['thrice', item(2)],
        ['thrice', item(3)]
      )
      await space.carry()
      expect(await space.place.rows()).toEqual([
        ['back', 3, 'fine'],
        ['there', 2, 'fine'],
        ['thrice', 3, 'fine']
      ])
    })

    it('keeps the order of each key, over batches of any size', async () => {
      const space = workspace()
      const entries: (readonly [string, Item | null])[] = []
      for (let i = 0; i < 400; i++) {
        // three records of four write, and every key ends with a write or a removal of its own
        entries.push([`k${i % 13}`, i % 4 === 3 ? (i % 8 === 3 ? null : takenBack) : item(i)])
      }
      space.send(0, ...entries)
      const wanted = new Map<string, number>()
      for (const [id, value] of entries) {
        if (value === null || value.rows === -1) wanted.delete(id)
        else wanted.set(id, value.stock)
      }
      await space.carry({ batchRecords: 37 })
      expect((await space.place.rows()).map(([id, stock]) => [id, stock])).toEqual([...wanted].sort())
      expect(wanted.size).toBeGreaterThan(5)
    })

    it('writes a batch that is larger than what one request carries', async () => {
      const space = workspace()
      const entries = Array.from({ length: 300 }, (_, i) => [`k${i}`, item(i, 'x'.repeat(i))] as const)
      space.send(0, ...entries, ['large', item(1, 'y'.repeat(5000))])
      await space.carry()
      expect(await space.place.rows()).toHaveLength(301)
      space.send(0, ...entries.map(([id]) => [id, null] as const))
      await space.carry()
      expect(await space.place.rows()).toEqual([['large', 1, 'y'.repeat(5000)]])
    })
  })
}
