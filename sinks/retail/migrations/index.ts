import type { Migration } from '../../../index.ts'
import { firstTables } from './0001-first-tables.ts'
import { ledgerTables } from './0002-ledger-tables.ts'
import { views } from './0003-views.ts'
import { lineItemRates } from './0004-exchange-rates.ts'
import { analysisTables } from './0005-analyses.ts'
import { chargesApart } from './0006-charges-apart.ts'

/** In their order. What was applied anywhere never changes: a new one is a new file. */
export const retailMigrations: readonly Migration[] = [
  firstTables,
  ledgerTables,
  views,
  lineItemRates,
  analysisTables,
  chargesApart
]
