import { atLeastOnce } from './at-least-once.ts'
import type { ChaosCase } from './case.ts'
import { crash } from './crash.ts'
import { fuzz } from './fuzz.ts'
import { ledger } from './ledger.ts'
import { queries } from './queries.ts'
import { replicas } from './replicas.ts'
import { stores } from './stores.ts'
import { takeover } from './takeover.ts'
import { transactions } from './transactions.ts'

export const cases: readonly ChaosCase[] = [
  transactions,
  atLeastOnce,
  crash,
  takeover,
  stores,
  ledger,
  fuzz,
  replicas,
  queries
]
