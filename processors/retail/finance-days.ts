import { type ExpenseDay, type FinanceDay, figures } from './finance.ts'
import type { StoreMarketDay } from './ledgers.ts'
import { noTotals } from './totals.ts'

/** A day's expenses with one more. A day of which nothing is left stays, with zero: it may have been published. */
export function addExpense(expense: ExpenseDay, before: ExpenseDay): ExpenseDay {
  const { country, storeId, day, currency, amount } = expense
  return { country, storeId, day, currency, amount: before.amount + amount }
}

export function subtractExpense(expense: ExpenseDay, before: ExpenseDay): ExpenseDay {
  return { ...before, amount: before.amount - expense.amount }
}

/** What was sold and what was spent on a day: either may be missing. */
export function financeDay(sales: StoreMarketDay | null, expense: ExpenseDay | null): FinanceDay | null {
  const known = sales ?? expense
  if (known === null) return null
  const { rows, gross, returns, discount, cost, uncosted } = sales ?? noTotals
  const { country, storeId, day, currency } = known
  return {
    country,
    storeId,
    market: sales?.market ?? country,
    day,
    currency,
    rows,
    figures: figures({
      gross,
      returns,
      discount,
      cost: uncosted === 0 ? cost : null,
      expenses: expense?.amount ?? 0
    })
  }
}
