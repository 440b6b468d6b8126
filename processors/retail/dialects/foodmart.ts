import { quote } from '../field-limits.ts'
import { type Dialect, refusal } from './dialect.ts'
import { amountField, dayField, FieldProblem, idField, optionalIdField } from './fields.ts'
import { signed } from './signed.ts'

/** The promotion that stands for none. */
const noPromotion = '0'

/** The supermarket chain FoodMart: a line item a row, with its cost. Negative units or sales are returns. */
export const foodmart: Dialect = {
  name: 'foodmart',
  columns: ['date', 'store_id', 'sku', 'customer_id', 'promotion_id', 'units', 'sales', 'cost'],
  optional: [],
  reader(position) {
    const dateAt = position('date')
    const storeAt = position('store_id')
    const skuAt = position('sku')
    const customerAt = position('customer_id')
    const promotionAt = position('promotion_id')
    const unitsAt = position('units')
    const salesAt = position('sales')
    const costAt = position('cost')

    return (fields, { file, revision, sign, country, storeId, currency }, row) => {
      const sales = amountField('sales', fields[salesAt] as string)
      if (typeof sales !== 'number') return refusal(sales.reason, 0)
      const businessDay = dayField('date', fields[dateAt] as string)
      if (businessDay instanceof FieldProblem) return refusal(businessDay.reason, sales)
      // the object's key and its rows must agree, or a store's ledger would hold another's sales
      const store = fields[storeAt] as string
      if (store !== storeId) return refusal(`store_id: ${quote(store)} in a file of store ${storeId}`, sales)
      const sku = idField('sku', fields[skuAt] as string)
      if (sku instanceof FieldProblem) return refusal(sku.reason, sales)
      const customerId = optionalIdField('customer_id', fields[customerAt] as string)
      if (customerId instanceof FieldProblem) return refusal(customerId.reason, sales)
      const promotion = optionalIdField('promotion_id', fields[promotionAt] as string)
      if (promotion instanceof FieldProblem) return refusal(promotion.reason, sales)
      const units = amountField('units', fields[unitsAt] as string)
      if (typeof units !== 'number') return refusal(units.reason, sales)
      const cost = amountField('cost', fields[costAt] as string)
      if (typeof cost !== 'number') return refusal(cost.reason, sales)
      return {
        file,
        revision,
        row,
        rows: sign,
        country,
        storeId,
        sku,
        productKind: 'product',
        kind: units < 0 || sales < 0 ? 'return' : 'sale',
        market: country,
        invoice: null,
        businessDay,
        customerId,
        promotionId: promotion === noPromotion ? null : promotion,
        description: null,
        currency,
        units: signed(sign, units),
        sales: signed(sign, sales),
        discount: 0,
        cost: signed(sign, cost)
      }
    }
  }
}
