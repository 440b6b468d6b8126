const dayMs = 86_400_000
const weekDays = 7
const quarterWeeks = 13
/** Weeks of a quarter's first and second periods; the third has the rest. */
const periodWeeks = 4

/** Where a day is in a 4-4-5 calendar. */
export interface FiscalPeriod {
  readonly fiscalYear: number
  /** 1 to 4. */
  readonly fiscalQuarter: number
  /** 1 to 12: two of four weeks and one of five in each quarter. */
  readonly fiscalPeriod: number
  /** 1 to 53. */
  readonly fiscalWeek: number
}

/**
 * The 4-4-5 calendar over the weeks of ISO 8601: weeks begin on Mondays, and a year with the week of its first Thursday. A 53rd week, which a
 * year has every five or six years, belongs to the twelfth period. `day` is yyyy-mm-dd.
 */
export function fiscalPeriod(day: string): FiscalPeriod {
  const time = Date.parse(day)
  const thursday = time + (3 - ((new Date(time).getUTCDay() + 6) % weekDays)) * dayMs
  const fiscalYear = new Date(thursday).getUTCFullYear()
  const fiscalWeek = Math.floor((thursday - Date.UTC(fiscalYear, 0, 1)) / (weekDays * dayMs)) + 1
  const quarter = Math.min(3, Math.floor((fiscalWeek - 1) / quarterWeeks))
  const week = fiscalWeek - 1 - quarter * quarterWeeks
  return {
    fiscalYear,
    fiscalQuarter: quarter + 1,
    fiscalPeriod: quarter * 3 + Math.min(2, Math.floor(week / periodWeeks)) + 1,
    fiscalWeek
  }
}
