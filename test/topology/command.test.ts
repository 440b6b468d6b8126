import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { topologyCommand } from '../../bin/topology-command.ts'

const locked = 'topology/retail/topology.lock.json'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'topology-command-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function run(...args: string[]): Promise<{ code: number; stdout: string }> {
  let stdout = ''
  const code = await topologyCommand(args, (text) => {
    stdout += text
  })
  return { code, stdout }
}

it('shows the retail graph as text, data and diagram', async () => {
  const [text, json, mermaid, help] = await Promise.all([
    run(),
    run('describe', '--format', 'json'),
    run('describe', '--format', 'mermaid'),
    run('--help')
  ])
  expect(text).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Topologies:\n {3}Sub-topology: 0\n/)
  })
  expect(JSON.parse(json.stdout).subTopologies.length).toBeGreaterThan(1)
  expect(mermaid.stdout).toMatch(/^flowchart TB\n/)
  expect(help.stdout).toContain('npm run topology -- diff')
})

it('writes, checks and compares locks, and says so by its exit code', async () => {
  const file = join(directory, 'topology.lock.json')
  expect(await run('lock', '--file', file)).toMatchObject({ code: 0 })
  expect(await readFile(file, 'utf8')).toBe(await readFile(locked, 'utf8'))
  const lock = JSON.parse(await readFile(file, 'utf8'))
  const [store] = lock.subTopologies[0].stores
  const { name } = store
  store.name = 'other'
  await writeFile(file, JSON.stringify(lock))
  const [check, same, diff] = await Promise.all([
    run('lock', '--check', '--file', file),
    run('diff', locked),
    run('diff', locked, file)
  ])
  expect(check).toMatchObject({ code: 1, stdout: expect.stringContaining('out of date') })
  expect(same).toMatchObject({ code: 0, stdout: 'no difference that state depends on\n' })
  expect(diff).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(
      `NEEDS RESET  store "${name}" is now named "other": it would begin empty\n`
    )
  })
  await expect(run('dif')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('not understood: dif')
  })
})
