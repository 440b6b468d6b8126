import { z } from 'zod'
import { integer, json, StreamsBuilder, string, type Topology, topic } from '../../index.ts'

const Order = z.object({ shop: z.string(), cents: z.int() })
export const orders = topic('orders', { key: string(), value: json(Order) })
export const turnover = topic('turnover', { key: string(), value: integer() })

export function turnoverTopology(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream(orders)
    .groupBy((order) => order.shop, { name: 'by-shop', key: string() })
    .aggregate({
      name: 'turnover',
      initial: () => 0,
      add: (order, sum) => sum + order.cents,
      value: integer()
    })
    .toStream()
    .to(turnover)
  return builder.build()
}
