import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { fileName, processIdentity, storeDirectory, taskDirectory } from '../../state/task-directory.ts'
import { withDirectory } from './directories.ts'

test('lays stores out by application, task and name', () => {
  expect(taskDirectory('/state', 'retail', '0_3')).toBe('/state/retail/0_3')
  expect(storeDirectory('/state', 'retail', '0_3', 'store-day')).toBe('/state/retail/0_3/store-day')
})

test('makes names safe, and keeps different ones apart', () => {
  expect(fileName('a.b-c_1')).toBe('a.b-c_1')
  const names = ['..', '.', '', '../up', 'a/b', 'a%2Fb', 'a b', 'é', '😀', 'nul\0', '.hidden', 'dot.', '%']
  const safe = names.map(fileName)
  expect(new Set(safe).size).toBe(names.length)
  for (const name of safe) expect(name).toMatch(/^(?!\.)[A-Za-z0-9._%-]+(?<!\.)$/)
})

test('a process keeps its identity, one for each application', () =>
  withDirectory(async (directory) => {
    const all = await Promise.all(Array.from({ length: 20 }, () => processIdentity(directory, 'retail')))
    expect(new Set(all).size).toBe(1)
    expect(all[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(await processIdentity(directory, 'retail')).toBe(all[0])
    expect(await processIdentity(directory, 'other')).not.toBe(all[0])
    expect(await readdir(`${directory}/retail`)).toEqual(['process-id'])
  }))

test('a damaged identity is made anew', () =>
  withDirectory(async (directory) => {
    await mkdir(`${directory}/retail`)
    await writeFile(`${directory}/retail/process-id`, '')
    const identity = await processIdentity(directory, 'retail')
    expect(await processIdentity(directory, 'retail')).toBe(identity)
  }))
