import type { BenchCase, Figures } from './case.ts'

export interface Result {
  readonly one: BenchCase
  readonly rounds: readonly Figures[]
}

export interface Judged {
  readonly group: string
  readonly name: string
  /** Medians over the rounds. */
  readonly figures: Figures
  readonly target?: string
  readonly met?: boolean
}

export function judge({ one, rounds }: Result): Judged {
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round)))]
  const figures = Object.fromEntries(
    names.map((name) => [name, median(rounds.flatMap((round) => round[name] ?? []))])
  )
  const { group, name, target } = one
  if (target === undefined) return { group, name, figures }
  const found = figures[target.figure] ?? Number.NaN
  const met =
    found <= (target.atMost ?? Number.POSITIVE_INFINITY) &&
    found >= (target.atLeast ?? Number.NEGATIVE_INFINITY)
  const bound = target.atMost === undefined ? `>= ${target.atLeast}` : `<= ${target.atMost}`
  return { group, name, figures, target: `${target.figure} ${bound}`, met }
}

/** Columns as wide as needed: group, case, each figure, and the verdict. */
export function table(results: readonly Judged[]): string {
  const names = [...new Set(results.flatMap(({ figures }) => Object.keys(figures)))]
  const rows = [
    ['what', 'by', ...names, 'target', ''],
    ...results.map(({ group, name, figures, target, met }) => [
      group,
      name,
      ...names.map((figure) => shown(figures[figure])),
      target ?? '',
      met === undefined ? '' : met ? 'met' : 'MISSED'
    ])
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column < 2 || column >= names.length + 2
            ? cell.padEnd(widths[column]!)
            : cell.padStart(widths[column]!)
        )
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

function shown(figure: number | undefined): string {
  if (figure === undefined) return ''
  return figure >= 1000 ? Math.round(figure).toLocaleString('en') : String(Number(figure.toPrecision(3)))
}

/** Of at least one number. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
