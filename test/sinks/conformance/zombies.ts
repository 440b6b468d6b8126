import { describe, expect, it } from 'vitest'
import { hasCode } from '../../../core/errors.ts'
import { batchOf } from '../batches.ts'
import { item, type Workspace } from './workspace.ts'

const where = ['sales', 'life-1', 0] as const
/** What both owners carry, and what only the later one does. */
const shared = batchOf(2, [
  ['a', item(2)],
  ['c', item(1)]
])
const latest = batchOf(4, [
  ['a', item(3)],
  ['c', null]
])
const wanted = [
  ['a', 3, 'fine'],
  ['b', 1, 'fine']
]

export function describeZombies(workspace: () => Workspace): void {
  describe('a former owner of a partition', () => {
    it('writes nothing', async () => {
      const space = workspace()
      const { keepsPosition } = space.place
      const former = space.sink()
      await former.open(...where)
      await former.write(
        batchOf(0, [
          ['a', item(1)],
          ['b', item(1)]
        ])
      )
      const later = space.sink()
      expect(await later.open(...where)).toBe(keepsPosition ? 2 : undefined)
      await later.write(shared)
      await later.write(latest)
      const attempt = former.write(shared)
      if (keepsPosition) await expect(attempt).rejects.toSatisfy((error) => hasCode(error, 'SINK_FENCED'))
      else expect(await attempt).toEqual([])
      expect(await space.place.rows()).toEqual(wanted)
    })

    it('writes nothing when it is paused within a write and goes on long after', async () => {
      const space = workspace()
      const { keepsPosition, proxy, request } = space.place
      const former = space.sink('proxy')
      await former.open(...where)
      await former.write(
        batchOf(0, [
          ['a', item(1)],
          ['b', item(1)]
        ])
      )
      const frozen = proxy.freezeBefore((sent) => sent.includes(request))
      const outcome = former.write(shared).then(
        () => 'written',
        (error: unknown) => (hasCode(error, 'SINK_UNAVAILABLE') ? 'unavailable' : error)
      )
      await frozen
      // its transaction ends on the server's side, or holds nothing
      const later = space.sink()
      await later.open(...where)
      await later.write(shared)
      await later.write(latest)
      proxy.thaw()
      expect(await outcome).toBe(keepsPosition ? 'unavailable' : 'written')
      expect(await space.place.rows()).toEqual(wanted)
      const again = former.write(shared)
      if (keepsPosition) await expect(again).rejects.toSatisfy((error) => hasCode(error, 'SINK_FENCED'))
      else expect(await again).toEqual([])
      expect(await space.place.rows()).toEqual(wanted)
    })
  })
}
