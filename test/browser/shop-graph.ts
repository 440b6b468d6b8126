import { z } from 'zod'
import { integer, json, StreamsBuilder, string, type Topology, topic } from '../../index.ts'

const Sale = z.object({ store: z.string(), sku: z.string(), units: z.int(), cents: z.int() })
const Store = z.object({ region: z.string() })
const SoldAt = Sale.extend({ region: z.string() })
const Turnover = z.object({ receipts: z.int(), cents: z.int() })

export type Sale = z.infer<typeof Sale>

const add = (sale: Sale, { receipts, cents }: z.infer<typeof Turnover>) => ({
  receipts: receipts + 1,
  cents: cents + sale.cents
})
const none = () => ({ receipts: 0, cents: 0 })

export function shopTopics() {
  const partitions = 6
  return {
    sales: topic('sales', { key: string(), value: json(Sale), partitions }),
    stores: topic('stores', { key: string(), value: json(Store), partitions, cleanupPolicy: 'compact' }),
    storeTurnovers: topic('store-turnovers', { key: string(), value: json(Turnover), partitions }),
    regionTurnovers: topic('region-turnovers', { key: string(), value: json(Turnover), partitions }),
    skuUnits: topic('sku-units', { key: string(), value: integer(), partitions })
  }
}

/** What stores, their regions and SKUs have sold; a graph of three sub-topologies, large enough to look at. */
export function shopGraph(): Topology {
  const topics = shopTopics()
  const builder = new StreamsBuilder()
  const stores = builder.table(topics.stores, { name: 'stores' })
  const sold = builder
    .stream(topics.sales)
    .filter(({ units }) => units !== 0)
    .leftJoin(stores, (sale, store) => ({ ...sale, region: store?.region ?? 'nowhere' }))
  sold
    .groupByKey({ value: json(SoldAt) })
    .aggregate({ name: 'store-turnovers', initial: none, add, value: json(Turnover) })
    .toStream()
    .to(topics.storeTurnovers)
  sold
    .groupBy(({ region }) => region, { name: 'by-region', key: string(), value: json(SoldAt) })
    .aggregate({ name: 'region-turnovers', initial: none, add, value: json(Turnover) })
    .toStream()
    .to(topics.regionTurnovers)
  sold
    .groupBy(({ sku }) => sku, { name: 'by-sku', key: string(), value: json(SoldAt) })
    .aggregate({
      name: 'sku-units',
      initial: () => 0,
      add: (sale, units) => units + sale.units,
      value: integer()
    })
    .toStream()
    .to(topics.skuUnits)
  return builder.build()
}
