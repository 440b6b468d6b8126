import { z } from 'zod'
import { json, type StreamsBuilder, string, topic } from '../../index.ts'

const Product = z.object({ name: z.string(), supplier: z.string() })
/** By SKU. */
export const products = topic('products', { key: string(), value: json(Product) })
/** Names by supplier's number. */
export const suppliers = topic('suppliers', { key: string(), value: string() })
export const origins = topic('origins', { key: string(), value: string() })

/** Each product with its supplier's name. A supplier that changes its name changes all its products. */
export function productOrigins(builder: StreamsBuilder): void {
  const supplierTable = builder.table(suppliers, { name: 'suppliers' })
  builder
    .table(products, { name: 'products' })
    .join(
      supplierTable,
      (product) => product.supplier,
      (product, supplier) => `${product.name} from ${supplier}`,
      { name: 'origins' }
    )
    .toStream()
    .to(origins)
}
