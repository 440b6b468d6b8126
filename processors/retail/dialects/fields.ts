import { isLonger, longestId, longestText, quote } from '../field-limits.ts'
import { businessDay } from '../model.ts'
import { parseAmount } from '../parse-amount.ts'
import { dayInZone } from './day-in-zone.ts'

/** What a field holds, or a reason. Wrapped, because a field's value and a reason are both texts. */
export class FieldProblem {
  readonly reason: string

  constructor(column: string, problem: string) {
    this.reason = `${column}: ${problem}`
  }
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
  return optionalField(column, text, longestId)
}

/** A text for people: null when empty. */
export function textField(column: string, text: string): string | null | FieldProblem {
  return optionalField(column, text, longestText)
}

function optionalField(column: string, text: string, mostBytes: number): string | null | FieldProblem {
  if (text === '') return null
  if (isLonger(text, mostBytes))
    return new FieldProblem(column, `${quote(text)} is longer than ${mostBytes} bytes`)
  if (text.includes('\ufffd')) return new FieldProblem(column, `${quote(text)} is not UTF-8 text`)
  // PostgreSQL's texts hold none
  if (text.includes('\0')) return new FieldProblem(column, `${quote(text)} has a NUL character`)
  // a longer part of a text keeps all of that text in memory, here a whole chunk: state may keep identifiers for years
  return text.length > longestOwnText ? Buffer.from(text, 'utf8').toString('utf8') : text
}

// Files hold few days in very many rows: the schema is asked once for each. Bounded, because files may hold anything.
const mostDays = 10_000
const days = new Map<string, string | FieldProblem>()
const dayLength = 'yyyy-mm-dd'.length

/** A calendar day, yyyy-mm-dd. */
export function dayField(column: string, text: string): string | FieldProblem {
  if (text.length > dayLength) return checkDay(column, text)
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
  if (!result.success) {
    const [issue] = result.error.issues
    const problem = issue?.code === 'custom' ? issue.message : 'is not a day as yyyy-mm-dd'
    return new FieldProblem(column, `${quote(text)}${issue?.code === 'custom' ? ':' : ''} ${problem}`)
  }
  return Buffer.from(result.data, 'utf8').toString('utf8')
}

const clock = String.raw`[ T](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?`
const localDateTime = new RegExp(String.raw`^\d{4}-\d{2}-\d{2}${clock}$`)
const instant = new RegExp(String.raw`^\d{4}-\d{2}-\d{2}${clock}(?:Z|[+-]\d{2}:?\d{2})$`)

/**
 * The business day of a date, of a date and time by the store's own clock, or of an instant, which has an offset and is the day that the
 * store's clock showed then.
 */
export function dayTimeField(column: string, text: string, timeZone: string): string | FieldProblem {
  if (text.length <= dayLength) return dayField(column, text)
  if (localDateTime.test(text)) return dayField(column, text.slice(0, dayLength))
  if (instant.test(text)) {
    const day = dayField(column, text.slice(0, dayLength))
    if (day instanceof FieldProblem) return day
    const time = Date.parse(text.replace(' ', 'T'))
    if (!Number.isNaN(time)) return dayField(column, dayInZone(time, timeZone))
  }
  return new FieldProblem(column, `${quote(text)} is neither a day nor a date and time of ISO 8601`)
}
