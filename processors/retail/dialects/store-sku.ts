import { quote } from '../field-limits.ts'
import { type Dialect, type Refusal, refusal, type SaleReader } from './dialect.ts'
import { amountField, dayTimeField, FieldProblem, idField, optionalIdField, textField } from './fields.ts'
import { signed } from './signed.ts'

/**
 * Our own dialect, for retailers who can choose: a line item a row. Required are `sold_at` (a day, a local date and time, or an instant
 * with its offset), `sku`, `quantity` and `amount` (what was paid, discount taken off; below zero for a return). The rest may be left out or
 * left empty: `kind` (sale, return), `product_kind` (product, charge), `currency` (must be the bucket's), and what the names say.
 */
export const storeSku: Dialect = {
  name: 'store-sku',
  columns: ['sold_at', 'sku', 'quantity', 'amount'],
  optional: [
    'store_id',
    'invoice',
    'kind',
    'product_kind',
    'customer_id',
    'customer_country',
    'promotion_id',
    'description',
    'discount',
    'cost',
    'currency'
  ],
  reader(position) {
    const soldAt = position('sold_at')
    const skuAt = position('sku')
    const quantityAt = position('quantity')
    const amountAt = position('amount')
    const optional = {
      store: position('store_id'),
      invoice: position('invoice'),
      kind: position('kind'),
      productKind: position('product_kind'),
      customer: position('customer_id'),
      market: position('customer_country'),
      promotion: position('promotion_id'),
      description: position('description'),
      discount: position('discount'),
      cost: position('cost'),
      currency: position('currency')
    }
    const read: SaleReader = (fields, origin, row) => {
      const { file, revision, sign, country, storeId, currency, timeZone } = origin
      const field = (at: number): string => (at < 0 ? '' : (fields[at] as string))
      const market = field(optional.market)
      const paid = amountField('amount', fields[amountAt] as string)
      if (typeof paid !== 'number') return refusal(paid.reason, 0, market)
      const fail = (reason: string): Refusal => refusal(reason, paid, market)

      const store = field(optional.store)
      if (store !== '' && store !== storeId)
        return fail(`store_id: ${quote(store)} in a file of store ${storeId}`)
      const stated = field(optional.currency)
      if (stated !== '' && stated !== currency)
        return fail(`currency: ${quote(stated)} in a bucket whose currency is ${currency}`)
      const kind = field(optional.kind)
      if (kind !== '' && kind !== 'sale' && kind !== 'return')
        return fail(`kind: ${quote(kind)} is neither sale nor return`)
      const productKind = field(optional.productKind)
      if (productKind !== '' && productKind !== 'product' && productKind !== 'charge')
        return fail(`product_kind: ${quote(productKind)} is neither product nor charge`)
      const businessDay = dayTimeField('sold_at', fields[soldAt] as string, timeZone)
      if (businessDay instanceof FieldProblem) return fail(businessDay.reason)
      const sku = idField('sku', fields[skuAt] as string)
      if (sku instanceof FieldProblem) return fail(sku.reason)
      const quantity = amountField('quantity', fields[quantityAt] as string)
      if (typeof quantity !== 'number') return fail(quantity.reason)
      const discount = optionalAmount('discount', field(optional.discount))
      if (discount instanceof FieldProblem) return fail(discount.reason)
      const cost = optionalAmount('cost', field(optional.cost))
      if (cost instanceof FieldProblem) return fail(cost.reason)
      const invoice = optionalIdField('invoice', field(optional.invoice))
      if (invoice instanceof FieldProblem) return fail(invoice.reason)
      const customerId = optionalIdField('customer_id', field(optional.customer))
      if (customerId instanceof FieldProblem) return fail(customerId.reason)
      const promotionId = optionalIdField('promotion_id', field(optional.promotion))
      if (promotionId instanceof FieldProblem) return fail(promotionId.reason)
      const customerCountry = optionalIdField('customer_country', market)
      if (customerCountry instanceof FieldProblem) return fail(customerCountry.reason)
      const description = textField('description', field(optional.description))
      if (description instanceof FieldProblem) return fail(description.reason)
      return {
        file,
        revision,
        row,
        rows: sign,
        country,
        storeId,
        sku,
        productKind: productKind || 'product',
        kind: kind || (quantity < 0 || paid < 0 ? 'return' : 'sale'),
        market: customerCountry ?? country,
        invoice,
        businessDay,
        customerId,
        promotionId,
        description,
        currency,
        units: signed(sign, quantity),
        sales: signed(sign, paid),
        discount: signed(sign, discount ?? 0),
        cost: cost === null ? null : signed(sign, cost)
      }
    }
    return read
  }
}

function optionalAmount(column: string, text: string): number | null | FieldProblem {
  return text === '' ? null : amountField(column, text)
}
