import { Expense } from '../../processors/retail/model.ts'
import { parseAmount } from '../../processors/retail/parse-amount.ts'
import type { ReferenceFile } from './reference-file.ts'

export const expensesFile: ReferenceFile<Expense> = {
  object: 'reference/expenses.csv',
  columns: ['store_id', 'account', 'day', 'currency', 'amount'],
  identifiers: ['store_id', 'account'],
  schema: Expense,
  value: (column, country) => ({
    country,
    storeId: column('store_id'),
    account: column('account'),
    day: column('day'),
    currency: column('currency'),
    amount: parseAmount(column('amount') ?? '')
  }),
  // a day's expenses are one sum, taken from what was sold on it
  refused: ({ currency }, bucket) =>
    currency === bucket.currency
      ? null
      : `currency: ${currency} is not ${bucket.currency}, in which the stores of ${bucket.country} sell`,
  key: ({ country, storeId, account, day }) => `${country}/${storeId}/${account}/${day}`
}
