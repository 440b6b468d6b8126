import { integer, type StreamsBuilder, string, topic } from '../../index.ts'

/** Units by `store/sku`. */
export const sold = topic('sold', { key: string(), value: integer() })
export const delivered = topic('delivered', { key: string(), value: integer() })
export const stock = topic('stock', { key: string(), value: integer() })

/** Stock on hand: deliveries add to it, sales take from it. Both streams change one aggregate. */
export function stockOnHand(builder: StreamsBuilder): void {
  const sales = builder.stream(sold).groupByKey()
  const deliveries = builder.stream(delivered).groupByKey()
  deliveries
    .cogroup<number>((units, onHand) => onHand + units)
    .cogroup(sales, (units, onHand) => onHand - units)
    .aggregate({ name: 'stock', initial: () => 0, value: integer() })
    .toStream()
    .to(stock)
}
