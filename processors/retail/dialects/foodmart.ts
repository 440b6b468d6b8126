import type { Dialect } from './dialect.ts'
import { amountField, dayField, FieldProblem, idField, optionalIdField } from './fields.ts'

/** The promotion that stands for none. */
const noPromotion = '0'

/** The supermarket chain FoodMart: a line item a row, with its cost. */
export const foodmart: Dialect = {
  name: 'foodmart',
  columns: ['date', 'store_id', 'sku', 'customer_id', 'promotion_id', 'units', 'sales', 'cost'],
  reader(position) {
    const dateAt = position('date')
    const storeAt = position('store_id')
    const skuAt = position('sku')
    const customerAt = position('customer_id')
    const promotionAt = position('promotion_id')
    const unitsAt = position('units')
    const salesAt = position('sales')
    const costAt = position('cost')

    return (fields, { file, country, storeId }, row) => {
      const businessDay = dayField('date', fields[dateAt] as string)
      if (businessDay instanceof FieldProblem) return businessDay.reason
      // the object's key and its rows must agree, or a store's ledger would hold another's sales
      const store = fields[storeAt] as string
      if (store !== storeId) return `store_id: ${JSON.stringify(store)} in a file of store ${storeId}`
      const sku = idField('sku', fields[skuAt] as string)
      if (sku instanceof FieldProblem) return sku.reason
      const customerId = optionalIdField('customer_id', fields[customerAt] as string)
      if (customerId instanceof FieldProblem) return customerId.reason
      const promotion = optionalIdField('promotion_id', fields[promotionAt] as string)
      if (promotion instanceof FieldProblem) return promotion.reason
      const units = amountField('units', fields[unitsAt] as string)
      if (typeof units !== 'number') return units.reason
      const sales = amountField('sales', fields[salesAt] as string)
      if (typeof sales !== 'number') return sales.reason
      const cost = amountField('cost', fields[costAt] as string)
      if (typeof cost !== 'number') return cost.reason
      const promotionId = promotion === noPromotion ? null : promotion
      return { file, row, country, storeId, sku, businessDay, customerId, promotionId, units, sales, cost }
    }
  }
}
