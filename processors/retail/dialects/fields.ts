import { businessDay } from '../model.ts'
import { parseAmount } from '../parse-amount.ts'

/** What a field holds, or a reason. Wrapped, because a field's value and a reason are both texts. */
export class FieldProblem {
  readonly reason: string

  constructor(column: string, problem: string) {
    this.reason = `${column}: ${problem}`
  }
}

const longestQuote = 60

function quote(text: string): string {
  return JSON.stringify(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text)
}

/** A decimal number in ten-thousandths. */
export function amountField(column: string, text: string): number | FieldProblem {
  const value = parseAmount(text)
  if (value !== undefined) return value
  if (text === '') return new FieldProblem(column, 'is empty')
  return new FieldProblem(column, `${quote(text)} is not a decimal number of at most four decimals`)
}

const longestOwnText = 12

/** A required identifier. */
export function idField(column: string, text: string): string | FieldProblem {
  if (text === '') return new FieldProblem(column, 'is empty')
  return optionalIdField(column, text) as string | FieldProblem
}

/** An identifier that may be missing: null. */
export function optionalIdField(column: string, text: string): string | null | FieldProblem {
  if (text === '') return null
  if (text.includes('\ufffd')) return new FieldProblem(column, `${quote(text)} is not UTF-8 text`)
  // a longer part of a text keeps all of that text in memory, here a whole chunk: state may keep identifiers for years
  return text.length > longestOwnText ? Buffer.from(text, 'utf8').toString('utf8') : text
}

// Files hold few days in very many rows: the schema is asked once for each. Bounded, because files may hold anything.
const mostDays = 10_000
const days = new Map<string, string | FieldProblem>()

/** A calendar day, yyyy-mm-dd. */
export function dayField(column: string, text: string): string | FieldProblem {
  const known = days.get(text)
  if (known !== undefined) {
    // the reason names the column, and dialects differ in that
    if (typeof known === 'string' || known.reason.startsWith(`${column}: `)) return known
  }
  const result = checkDay(column, text)
  if (days.size >= mostDays) days.clear()
  days.set(text, result)
  return result
}

function checkDay(column: string, text: string): string | FieldProblem {
  if (text === '') return new FieldProblem(column, 'is empty')
  const result = businessDay.safeParse(text)
  if (!result.success) return new FieldProblem(column, `${quote(text)} is not a day as yyyy-mm-dd`)
  return Buffer.from(result.data, 'utf8').toString('utf8')
}
