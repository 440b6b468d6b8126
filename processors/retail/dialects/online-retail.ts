import { quote } from '../field-limits.ts'
import { AMOUNT_SCALE } from '../model.ts'
import { type Dialect, refusal } from './dialect.ts'
import { amountField, dayTimeField, FieldProblem, idField, optionalIdField, textField } from './fields.ts'
import { signed } from './signed.ts'

/** Stock codes of products: five digits and perhaps letters for colour or pattern; and two that are otherwise. */
const product = /^(?:\d{5}[A-Za-z]*|DCGS\w+|PADS)$/
const discountCode = 'D'

/**
 * The online shop of the UCI repository's "Online Retail": an invoice's line a row, the amount being quantity times unit price. Every row counts,
 * equal ones too. Invoices that begin with C are cancellations; quantities and prices below zero are money given back; codes that are no
 * product (POST, DOT, M, AMAZONFEE, ...) are charges, and D is a discount. Dates are the shop's own time. No column states a cost.
 */
export const onlineRetail: Dialect = {
  name: 'online-retail',
  columns: [
    'invoiceno',
    'stockcode',
    'description',
    'quantity',
    'invoicedate',
    'unitprice',
    'customerid',
    'country'
  ],
  optional: [],
  reader(position) {
    const invoiceAt = position('invoiceno')
    const codeAt = position('stockcode')
    const descriptionAt = position('description')
    const quantityAt = position('quantity')
    const dateAt = position('invoicedate')
    const priceAt = position('unitprice')
    const customerAt = position('customerid')
    const countryAt = position('country')

    return (fields, { file, revision, sign, country, storeId, currency, timeZone }, row) => {
      const marketText = fields[countryAt] as string
      const quantity = amountField('quantity', fields[quantityAt] as string)
      if (typeof quantity !== 'number') return refusal(quantity.reason, 0, marketText)
      if (quantity % AMOUNT_SCALE !== 0)
        return refusal(`quantity: ${quote(fields[quantityAt] as string)} is no whole number`, 0, marketText)
      const price = amountField('unitprice', fields[priceAt] as string)
      if (typeof price !== 'number') return refusal(price.reason, 0, marketText)
      // plus zero: not -0
      const paid = (quantity / AMOUNT_SCALE) * price + 0
      if (!Number.isSafeInteger(paid))
        return refusal('unitprice: times quantity it is beyond what is added up here', 0, marketText)

      const market = idField('country', marketText)
      if (market instanceof FieldProblem) return refusal(market.reason, paid)
      const invoice = idField('invoiceno', fields[invoiceAt] as string)
      if (invoice instanceof FieldProblem) return refusal(invoice.reason, paid, market)
      // some codes have a blank behind them
      const sku = idField('stockcode', (fields[codeAt] as string).trim())
      if (sku instanceof FieldProblem) return refusal(sku.reason, paid, market)
      const businessDay = dayTimeField('invoicedate', fields[dateAt] as string, timeZone)
      if (businessDay instanceof FieldProblem) return refusal(businessDay.reason, paid, market)
      const customer = optionalIdField('customerid', fields[customerAt] as string)
      if (customer instanceof FieldProblem) return refusal(customer.reason, paid, market)
      const description = textField('description', fields[descriptionAt] as string)
      if (description instanceof FieldProblem) return refusal(description.reason, paid, market)
      const sales = signed(sign, paid)
      return {
        file,
        revision,
        row,
        rows: sign,
        country,
        storeId,
        sku,
        productKind: product.test(sku) ? 'product' : 'charge',
        kind: quantity < 0 || price < 0 || isCancellation(invoice) ? 'return' : 'sale',
        market,
        invoice,
        businessDay,
        customerId: customer === null ? null : withoutFraction(customer),
        promotionId: null,
        description,
        currency,
        units: signed(sign, quantity),
        sales,
        discount: sku === discountCode ? signed(-1, sales) : 0,
        cost: null
      }
    }
  }
}

function isCancellation(invoice: string): boolean {
  const first = invoice.charCodeAt(0)
  return first === 67 || first === 99
}

/** Whoever exported the file took the customers' numbers for floating-point ones: `13853.0`. */
function withoutFraction(customer: string): string {
  return customer.endsWith('.0') ? customer.slice(0, -2) : customer
}
