import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { commands } from '../../bin/command-line.ts'
import { exitCodeOf } from '../../bin/exit-codes.ts'
import { StreamsError } from '../../index.ts'
import { runCommand } from './run-command.ts'

const locked = 'topology/retail/topology.lock.json'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'command-line-'))
})
afterAll(() => rm(directory, { recursive: true }))

it('every command has a help page with examples of itself, and --json', async () => {
  for (const { name, examples, options } of commands) {
    const { code, stdout } = await runCommand(...name.split(' '), '--help')
    expect(code).toBe(0)
    expect(stdout).toContain(`store-sku ${name}`)
    expect(options).toHaveProperty('json')
    expect(examples.length).toBeGreaterThan(0)
    for (const [line] of examples) expect(line.startsWith(name)).toBe(true)
    for (const [option, { help }] of Object.entries(options)) {
      expect(help).not.toBe('')
      expect(stdout).toContain(`--${option}`)
    }
  }
})

it('lists what there is, and says what it does not understand', async () => {
  const overview = await runCommand()
  expect(overview.code).toBe(0)
  for (const { name, summary } of commands) {
    expect(overview.stdout).toContain(`store-sku ${name}`)
    expect(overview.stdout).toContain(summary)
  }
  expect(await runCommand('dif')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no command "dif"')
  })
  expect(await runCommand('state', '--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('store-sku state scan')
  })
  expect((await runCommand('state', 'put')).code).toBe(2)
  expect((await runCommand('diff', '--nonsense')).code).toBe(2)
  expect((await runCommand('describe', '--graph', 'no-such-file.ts#graph')).code).toBe(2)
})

it('exit codes tell what to do about an error', () => {
  expect(exitCodeOf(new StreamsError('CONFIG_INVALID', 'x'))).toBe(2)
  expect(exitCodeOf(new StreamsError('TOPOLOGY_CHANGED', 'x'))).toBe(3)
  expect(exitCodeOf(new StreamsError('STORE_LOCKED', 'x'))).toBe(4)
  expect(exitCodeOf(new Error('x'))).toBe(3)
})

it('knows its own graph where a project has none, as where the package is installed', async () => {
  const bin = join(import.meta.dirname, '../../bin/store-sku.js')
  const { stdout } = await promisify(execFile)(process.execPath, [bin, 'diff'], { cwd: directory })
  expect(stdout).toBe('no difference that state depends on\n')
})

it('shows the retail graph as text, data and diagram', async () => {
  const [text, json, mermaid] = await Promise.all([
    runCommand('describe'),
    runCommand('describe', '--json'),
    runCommand('describe', '--format', 'mermaid')
  ])
  expect(text).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Topologies:\n {3}Sub-topology: 0\n/)
  })
  expect(JSON.parse(json.stdout).subTopologies.length).toBeGreaterThan(1)
  expect(mermaid.stdout).toMatch(/^flowchart TB\n/)
})

it('writes, checks and compares locks, and says so by its exit code', async () => {
  const file = join(directory, 'topology.lock.json')
  expect(await runCommand('lock', '--file', file)).toMatchObject({ code: 0 })
  expect(await readFile(file, 'utf8')).toBe(await readFile(locked, 'utf8'))
  const lock = JSON.parse(await readFile(file, 'utf8'))
  const [store] = lock.subTopologies[0].stores
  const { name } = store
  store.name = 'other'
  await writeFile(file, JSON.stringify(lock))
  const [check, same, diff, json] = await Promise.all([
    runCommand('lock', '--check', '--file', file),
    runCommand('diff', locked),
    runCommand('diff', locked, file),
    runCommand('diff', locked, file, '--json')
  ])
  expect(check).toMatchObject({ code: 1, stdout: expect.stringContaining('out of date') })
  expect(same).toMatchObject({ code: 0, stdout: 'no difference that state depends on\n' })
  expect(diff).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(
      `NEEDS RESET  store "${name}" is now named "other": it would begin empty\n`
    )
  })
  expect(JSON.parse(json.stdout)).toMatchObject({ needsReset: true })
})

it('takes the analyses of one’s own that an application runs with into its graph', async () => {
  const analysis = ['--analysis', 'docs/examples/sku-returns.ts#skuReturns']
  const [described, diff, lag, other] = await Promise.all([
    runCommand('describe', ...analysis),
    runCommand('diff', ...analysis),
    runCommand('lag', ...analysis, '--json', '--kafka', 'test/bin/retail-brokers.ts#retailBrokers'),
    runCommand('describe', ...analysis, '--graph', 'test/bin/orders-graph.ts#ordersTopology')
  ])
  expect(described.stdout).toContain('Processor: sku-returns-aggregate (stores: [sku-returns])')
  expect(diff.stdout).toContain('compatible   store "sku-returns" is new')
  expect(JSON.parse(lag.stdout).topics.map(({ groupId }: { groupId: string }) => groupId)).toContain(
    'retail-sink-analysis-sku-returns'
  )
  expect(other).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('call it in test/bin/orders-graph')
  })
})
