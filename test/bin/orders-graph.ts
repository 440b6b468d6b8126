import { z } from 'zod'
import { integer, json, StreamsBuilder, string, TimeWindows, type Topology, topic } from '../../index.ts'
import type { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { MemoryApp } from '../runtime/memory-app.ts'

/** The application whose commands are tested, over brokers in memory. */
export const ordersApp = await MemoryApp.create('orders-app')
/** What `--kafka` names. */
export const orderBrokers: MemoryClient = ordersApp.client

const Order = z.object({ shop: z.string(), amount: z.int() })
export const orders = topic('orders', { key: string(), value: json(Order), partitions: 2 })
export const shops = topic('shops', {
  key: string(),
  value: json(z.object({ name: z.string() })),
  partitions: 2,
  cleanupPolicy: 'compact'
})
export const shopTotals = topic('shop-totals', { key: string(), value: integer(), partitions: 2 })

/** A small graph with a table, a repartition topic, a key-value store and a window store. */
export function ordersTopology(): Topology {
  const builder = new StreamsBuilder()
  builder.table(shops, { name: 'shop-names' })
  const byShop = builder.stream(orders).groupBy((order) => order.shop, { name: 'by-shop', key: string() })
  byShop
    .aggregate({
      name: 'shop-total',
      initial: () => 0,
      add: (order, total) => total + order.amount,
      value: integer()
    })
    .toStream()
    .to(shopTotals)
  byShop.windowedBy(TimeWindows.ofSizeAndGrace(60_000, 3_600_000)).count({ name: 'shop-minutes' })
  return builder.build()
}
