import type { Asked } from './cases.ts'

export interface SideFigures {
  /** Records per CPU second of the client, in the second half of the records. */
  readonly secondHalf: number | undefined
  /** The same over the whole run, starting and closing included. */
  readonly whole: number | undefined
  /** Records per second of wall time. */
  readonly perSecond: number | undefined
  readonly rssMiB: number | undefined
  readonly brokerCpuSeconds: number | undefined
}

export interface Row {
  readonly name: string
  readonly asked: Asked
  readonly ours: SideFigures
  readonly peer: SideFigures
}

const heading = [
  'workload',
  'second half: ours',
  'peer',
  'ratio',
  'whole: ours',
  'peer',
  'ratio',
  'per second: ours',
  'peer',
  'ratio',
  'peak RSS MiB: ours',
  'peer',
  'ratio',
  'broker CPU s: ours',
  'peer'
]

/** A table in Markdown, thousands of records per CPU second; ratios say what was asked for, and whether it was missed: as it is where a figure is missing. */
export function comparison(rows: readonly Row[]): { readonly text: string; readonly met: boolean } {
  let met = true
  const judged = (
    ours: number | undefined,
    peer: number | undefined,
    asked: number | undefined,
    atMost = false
  ): string => {
    if (ours === undefined || peer === undefined || !(peer > 0)) {
      if (asked === undefined) return ''
      met = false
      return 'missing, missed'
    }
    const ratio = ours / peer
    const shown = ratio.toFixed(atMost ? 2 : 1)
    if (asked === undefined) return shown
    const missed = atMost ? ratio > asked : ratio < asked
    if (missed) met = false
    return `${shown} (${atMost ? '≤' : '≥'} ${Number(asked.toFixed(2))}${missed ? ', missed' : ''})`
  }
  const cells = rows.map(({ name, asked, ours, peer }) => [
    name,
    thousands(ours.secondHalf),
    thousands(peer.secondHalf),
    judged(ours.secondHalf, peer.secondHalf, asked.secondHalf),
    thousands(ours.whole),
    thousands(peer.whole),
    judged(ours.whole, peer.whole, asked.whole),
    thousands(ours.perSecond),
    thousands(peer.perSecond),
    judged(ours.perSecond, peer.perSecond, undefined),
    String(ours.rssMiB ?? ''),
    String(peer.rssMiB ?? ''),
    judged(ours.rssMiB, peer.rssMiB, asked.memory, true),
    String(ours.brokerCpuSeconds ?? ''),
    String(peer.brokerCpuSeconds ?? '')
  ])
  const guarantees = costOfExactlyOnce(rows)
  if (guarantees.some(({ missed }) => missed)) met = false
  const text = [markdown([heading, ...cells]), ...guarantees.map((one) => one.text)].join('\n')
  return { text, met }
}

/** At most this much may exactly-once cost us, of the second half. */
const mostCost = 0.1

function costOfExactlyOnce(rows: readonly Row[]): { readonly text: string; readonly missed: boolean }[] {
  return rows.flatMap(({ name, ours }) => {
    const once = rows.find((other) => other.name === name.replace(/ALO$/, 'EOS') && other.name !== name)
    if (once?.ours.secondHalf === undefined || ours.secondHalf === undefined) return []
    const cost = 1 - once.ours.secondHalf / ours.secondHalf
    const missed = cost > mostCost
    const text = `\n${name}: exactly-once takes ${(100 * cost).toFixed(0)} % off ours (≤ 10${missed ? ', missed' : ''}).`
    return [{ text, missed }]
  })
}

export function markdown(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...body.map(line)].join('\n')
}

function thousands(value: number | undefined): string {
  if (value === undefined) return ''
  return `${value >= 100_000 ? Math.round(value / 1000) : (value / 1000).toFixed(1)} k`
}
