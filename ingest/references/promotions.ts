import { Promotion } from '../../processors/retail/model.ts'
import { parseAmount } from '../../processors/retail/parse-amount.ts'
import type { ReferenceFile } from './reference-file.ts'

export const promotionsFile: ReferenceFile<Promotion> = {
  object: 'reference/promotions.csv',
  columns: ['promotion_id', 'name', 'media', 'cost', 'first_day', 'last_day'],
  identifiers: ['promotion_id'],
  schema: Promotion,
  value: (column, country) => ({
    country,
    promotionId: column('promotion_id'),
    name: column('name'),
    media: column('media'),
    cost: parseAmount(column('cost') ?? ''),
    firstDay: column('first_day') || null,
    lastDay: column('last_day') || null
  }),
  key: (promotion) => `${promotion.country}/${promotion.promotionId}`
}
