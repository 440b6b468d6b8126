import { z } from 'zod'
import { integer, json, type StreamsBuilder, string, topic } from '../../index.ts'

const Store = z.object({ region: z.string(), open: z.boolean(), squareMetres: z.int() })
/** By number; a store that was closed for good is deleted. */
export const stores = topic('stores', { key: string(), value: json(Store), cleanupPolicy: 'compact' })
export const openStores = topic('open-stores', { key: string(), value: string() })
export const regions = topic('regions', { key: string(), value: integer() })

/** The stores that are open, and the floor space of each region. A store that moves leaves its former region's sum. */
export function storeTables(builder: StreamsBuilder): void {
  const table = builder.table(stores, { name: 'stores' })
  table
    .filter((store) => store.open)
    .mapValues(({ region, squareMetres }) => `${region}: ${squareMetres} m²`)
    .toStream()
    .to(openStores)
  table
    .groupBy((store) => [store.region, store.squareMetres], {
      name: 'by-region',
      key: string(),
      value: integer()
    })
    .aggregate({
      name: 'regions',
      initial: () => 0,
      add: (space, sum) => sum + space,
      subtract: (space, sum) => sum - space,
      value: integer()
    })
    .toStream()
    .to(regions)
}
