import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { lockText, lockTopology } from '../../index.ts'
import { retailTopology } from '../../topology/retail/index.ts'

it('the lock file of the retail graph is current (if not: npx store-sku diff, then npx store-sku lock)', () => {
  const file = new URL('../../topology/retail/topology.lock.json', import.meta.url)
  expect(readFileSync(file, 'utf8')).toBe(lockText(lockTopology(retailTopology())))
})
