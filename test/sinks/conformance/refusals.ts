import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Item, item, refused, type Workspace } from './workspace.ts'

export function describeRefusals(workspace: () => Workspace): void {
  describe('refusals', () => {
    it('refuses records for what they are, and none beside them', async () => {
      const space = workspace()
      const bad = new Set([7, 20, 21, 49])
      const entries = Array.from({ length: 50 }, (_, i): readonly [string, Item] => [
        `k${i}`,
        bad.has(i) ? refused : item(i)
      ])
      space.send(0, ...entries)
      const task = await space.task()
      await space.carried(task)
      expect(space.deadLetters()).toEqual([...bad].map((offset) => `sales-0-${offset}`))
      expect(task.progress()).toMatchObject({ written: 46, rejected: 4 })
      expect(await space.place.rows()).toHaveLength(46)
    })

    it('refuses a key that is too long for a key there', async () => {
      const space = workspace()
      // at random, because what can be compressed may still fit
      const long = randomBytes(3 * 1024).toString('base64')
      space.send(0, ['a', item(1)], [long, item(2)], ['c', item(3)])
      await space.carry()
      expect(space.deadLetters()).toEqual(['sales-0-1'])
      expect(await space.place.rows()).toEqual([
        ['a', 1, 'fine'],
        ['c', 3, 'fine']
      ])
    })

    it('keeps what a row was before its refused record, and takes what comes after', async () => {
      const space = workspace()
      space.send(0, ['a', item(1)], ['a', refused], ['b', refused], ['b', item(2)])
      await space.carry()
      expect(await space.place.rows()).toEqual([
        ['a', 1, 'fine'],
        ['b', 2, 'fine']
      ])
      expect(space.deadLetters()[0]).toBe('sales-0-1')
    })

    it('names a refused record again until it is among the dead letters, under one key', async () => {
      const space = workspace()
      space.send(0, ['a', item(1)], ['bad', refused], ['c', item(3)])
      // it has no place for dead letters, and ends between the write and the dead letter
      const first = await space.task({}, false)
      expect(await first.failed).toMatchObject({ code: 'PROCESSOR_FAILED' })
      await first.close()
      expect(space.deadLetters()).toEqual([])
      await space.carry()
      expect(new Set(space.deadLetters())).toEqual(new Set(['sales-0-1']))
      // read once more from the beginning
      await space.carry({ groupId: 'other' })
      expect(new Set(space.deadLetters())).toEqual(new Set(['sales-0-1']))
      expect(await space.place.rows()).toEqual([
        ['a', 1, 'fine'],
        ['c', 3, 'fine']
      ])
    })

    it('does not try a mistake of its user again', async () => {
      const space = workspace()
      space.send(0, ['a', item(1)])
      const task = await space.task({ sink: space.place.misconfigured() })
      expect(await task.failed).toMatchObject({ code: 'CONFIG_INVALID' })
    })
  })
}
