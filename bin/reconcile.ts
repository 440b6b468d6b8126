import type { Counts } from './count-input.ts'
import { decimal } from './figures.ts'

/** Rows and money in one place. */
export interface PlaceReport {
  readonly rows: number
  /** Decimal text. */
  readonly net: string
  /** By the customers' countries, as the files name them; a store's own country where a file names none. */
  readonly countries: Readonly<Record<string, { readonly rows: number; readonly net: string }>>
}

/** A country of which nothing is left says nothing. */
function alive(counts: Counts): [string, { rows: number; net: bigint }][] {
  return [...counts]
    .filter(([, { rows, net }]) => rows !== 0 || net !== 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

export function placeReport(counts: Counts): PlaceReport {
  const { rows, net } = total(counts)
  return {
    rows,
    net: decimal(net),
    countries: Object.fromEntries(
      alive(counts).map(([country, count]) => [country, { rows: count.rows, net: decimal(count.net) }])
    )
  }
}

export function total(counts: Counts): { readonly rows: number; readonly net: bigint } {
  let rows = 0
  let net = 0n
  for (const count of counts.values()) {
    rows += count.rows
    net += count.net
  }
  return { rows, net }
}

export function sumOf(a: Counts, b: Counts): Counts {
  const sum: Counts = new Map([...a].map(([country, count]) => [country, { ...count }]))
  for (const [country, { rows, net }] of b) {
    const before = sum.get(country) ?? { rows: 0, net: 0n }
    sum.set(country, { rows: before.rows + rows, net: before.net + net })
  }
  return sum
}

/** True when all places have the same countries with the same rows and money. */
export function agree(places: readonly Counts[]): boolean {
  const [first, ...others] = places.map((counts) => JSON.stringify(placeReport(counts)))
  return others.every((other) => other === first)
}

/** A table for people: a row per country and place, and a total per place. */
export function reconciliationTable(places: readonly (readonly [name: string, counts: Counts])[]): string {
  const lines: string[][] = [['country', 'counted in', 'rows', 'net']]
  const countries = new Set(places.flatMap(([, counts]) => alive(counts).map(([country]) => country)))
  for (const country of [...countries].sort())
    for (const [name, counts] of places) lines.push([country, name, ...cells(counts.get(country))])
  for (const [name, counts] of places) lines.push(['all', name, ...cells(total(counts))])
  const widths = (lines[0] as string[]).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0))
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number)
        )
        .join('  ')
    )
    .join('\n')
}

function cells(count: { readonly rows: number; readonly net: bigint } | undefined): string[] {
  return count === undefined ? ['0', decimal(0n)] : [String(count.rows), decimal(count.net)]
}
