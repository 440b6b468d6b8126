import { expect, it } from 'vitest'
import { cases } from './cases.ts'
import { helpText, readCommandLine } from './command-line.ts'

it('chooses cases, and takes their options', () => {
  const line = readCommandLine(cases, ['--only', 'transactions', '--seed', '7', '--protocol', '1'])
  expect(line).toMatchObject({ seed: 7, keep: false, help: false, given: { protocol: '1' } })
  expect(line.chosen.map(({ name }) => name)).toEqual(['transactions'])
  expect(readCommandLine(cases, []).chosen).toEqual(cases)
})

it.each([
  [['--only', 'nothing'], 'there is no case nothing; there are transactions'],
  [['--only', 'at-least-once', '--aborts', '1'], '--aborts is no option of at-least-once'],
  [['--seed', 'x'], '--seed is a whole number'],
  [['--sed', '7'], "Unknown option '--sed'"]
])('refuses %j', (args, message) => {
  expect(() => readCommandLine(cases, args)).toThrow(message)
})

it('explains every case and option', () => {
  const help = helpText(cases)
  for (const one of cases) {
    expect(help).toContain(one.describe)
    for (const option of one.options) expect(help).toContain(`--${option.name} ${option.default}`)
  }
})
