import { execFile } from 'node:child_process'
import { expect, it } from 'vitest'
import { scaffoldAnalysis } from '../../bin/scaffold.ts'
import { runCommand } from './run-command.ts'

/** What Biome would make of a file with this text. */
function formatted(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'node_modules/.bin/biome',
      ['check', '--write', `--stdin-file-path=${path}`],
      (error, stdout) => (error === null ? resolve(stdout) : reject(error))
    )
    child.stdin?.end(text)
  })
}

it('a scaffold is as the project writes its files, whatever its name', async () => {
  for (const name of ['x', 'basket-sizes', 'a-name-of-19-charac'])
    for (const { path, text } of scaffoldAnalysis(name)) expect(await formatted(path, text)).toBe(text)
})

it('refuses names that would not do for a file, a function and a topic, and never overwrites', async () => {
  for (const name of ['Basket', 'basket_sizes', '7days', 'basket-', 'a-name-of-20-letters'])
    expect((await runCommand('new', 'processor', name)).code).toBe(2)
  expect((await runCommand('new', 'processor', 'sku-days')).stderr).toContain('is there already')
})
