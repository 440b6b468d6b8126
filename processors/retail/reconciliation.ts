import { z } from 'zod'
import { amount, country } from './model.ts'

/** Rows and the money in them, both signed. */
const Count = z.object({ rows: z.int(), net: amount })
export type Count = z.infer<typeof Count>

/** Where rows are counted on their way. */
const stages = ['input', 'deadLetters', 'lineItems', 'ledgers'] as const
export type Stage = (typeof stages)[number]

/** What passed one stage since it was last told of. */
export const Tally = z.object({
  file: z.string(),
  revision: z.int(),
  country,
  stage: z.enum(stages),
  rows: z.int(),
  net: amount
})
export type Tally = z.infer<typeof Tally>

/**
 * One version of a file, held against what became of its rows: all of them are line items or dead letters, and each line item is in the
 * ledgers, with the same money. A version that was taken back is zero everywhere. Keyed by `file#revision`.
 */
export const Reconciliation = z.object({
  file: z.string(),
  revision: z.int(),
  country,
  input: Count,
  deadLetters: Count,
  lineItems: Count,
  ledgers: Count,
  /** False also for as long as rows are under way. */
  agree: z.boolean()
})
export type Reconciliation = z.infer<typeof Reconciliation>

const none: Count = Object.freeze({ rows: 0, net: 0 })

export const nothingCounted: Reconciliation = Object.freeze({
  file: '',
  revision: 0,
  country: '',
  input: none,
  deadLetters: none,
  lineItems: none,
  ledgers: none,
  agree: false
})

export function reconciliationKey({
  file,
  revision
}: {
  readonly file: string
  readonly revision: number
}): string {
  return `${file}#${revision}`
}

export function reconcile(tally: Tally, before: Reconciliation): Reconciliation {
  const { file, revision, country, stage } = tally
  const counted = before[stage]
  const after = {
    ...before,
    file,
    revision,
    country,
    [stage]: { rows: counted.rows + tally.rows, net: counted.net + tally.net }
  }
  const { input, deadLetters, lineItems, ledgers } = after
  const all = { rows: lineItems.rows + deadLetters.rows, net: lineItems.net + deadLetters.net }
  return { ...after, agree: same(input, all) && same(lineItems, ledgers) }
}

function same(a: Count, b: Count): boolean {
  return a.rows === b.rows && a.net === b.net
}
