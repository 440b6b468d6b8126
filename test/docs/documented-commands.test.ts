import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { documentedCommands } from './documented-commands.ts'

const execute = promisify(execFile)
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
/** They are npm's own, or take no options. */
const withoutHelp = new Set(['ci', 'test', 'check', 'browser', 'day', 'package'])

// each help is a process of its own
it('the slow commands of the pages name scripts that there are, and options that their help lists', {
  timeout: 120_000
}, async () => {
  const lines = documentedCommands().filter(({ pace }) => pace === 'slow')
  expect(lines.length).toBeGreaterThan(10)
  const parts = lines.flatMap(({ line }) => line.split('&&').map((part) => part.trim()))
  const helpOf = new Map<string, Promise<string>>()
  for (const part of parts) {
    const [, script = '', options = ''] = /^npm (?:run )?([a-z]+)(?: -- (.*))?$/.exec(part) ?? []
    expect(script, part).not.toBe('')
    if (withoutHelp.has(script)) continue
    const command = scripts[script]
    expect(command, part).toMatch(/^node /)
    const file = (command as string).slice('node '.length)
    const help = helpOf.get(file) ?? execute('node', [file, '--help']).then(({ stdout }) => stdout)
    helpOf.set(file, help)
    for (const [option] of options.matchAll(/--[a-z-]+/g)) expect(await help, part).toContain(option)
  }
  await Promise.all(helpOf.values())
})
