import { parseArgs } from 'node:util'
import type { CaseOption, ChaosCase } from './case.ts'

export interface CommandLine {
  readonly chosen: readonly ChaosCase[]
  readonly seed: number
  readonly keep: boolean
  readonly help: boolean
  /** Options of cases, as given */
  readonly given: Readonly<Record<string, string | undefined>>
}

/** Throws with a message for the user. */
export function readCommandLine(cases: readonly ChaosCase[], args: readonly string[]): CommandLine {
  const options = Object.fromEntries(
    cases.flatMap((one) => one.options.map(({ name }) => [name, { type: 'string' as const }]))
  )
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...options,
      only: { type: 'string' },
      seed: { type: 'string' },
      keep: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  const { only, seed, keep, help, ...given } = values
  const chosen =
    only === undefined
      ? cases
      : String(only)
          .split(',')
          .map((name) => named(cases, name))
  for (const name of Object.keys(given))
    if (!chosen.some((one) => one.options.some((option) => option.name === name)))
      throw new Error(`--${name} is no option of ${chosen.map((one) => one.name).join(', ')}`)
  const number = seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(seed)
  if (!Number.isSafeInteger(number)) throw new Error('--seed is a whole number')
  return {
    chosen,
    seed: number,
    keep: keep === true,
    help: help === true,
    given: given as Record<string, string | undefined>
  }
}

export function helpText(cases: readonly ChaosCase[]): string {
  const options = new Map<string, CaseOption & { readonly of: string[] }>()
  for (const one of cases)
    for (const option of one.options) {
      const known = options.get(option.name)
      if (known === undefined) options.set(option.name, { ...option, of: [one.name] })
      else known.of.push(one.name)
    }
  const lines = [...options.values()].map(
    ({ name, default: value, describe, of }) =>
      `  --${`${name} ${value}`.padEnd(20)} ${describe} (${of.join(', ')})`
  )
  return `Breaks things on purpose, over and over, and looks whether the promises hold.

  npm run chaos -- [--only CASE,...] [--seed N] [options]

Cases
${cases.map(({ name, describe }) => `  ${name.padEnd(22)} ${describe}`).join('\n')}

Options, with their defaults
  --seed N               the same seed chooses the same blows; random, and printed, when not given
  --keep                 keep data and logs when all went well, too
${lines.join('\n')}

Ends with a line "N passed, N failed", and with exit code 1 when one failed.

Examples
  npm run chaos -- --only transactions --seed 7
  npm run chaos -- --only transactions --protocol 2 --records 20000 --kills 5 --leader-kills 1
  npm run chaos -- --only at-least-once --leader-kills 0
`
}

function named(cases: readonly ChaosCase[], name: string): ChaosCase {
  const found = cases.find((one) => one.name === name.trim())
  if (found === undefined)
    throw new Error(`there is no case ${name}; there are ${cases.map((one) => one.name).join(', ')}`)
  return found
}
