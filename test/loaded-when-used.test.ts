import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const loaded = `
import { createRequire } from 'node:module'
const { ApplicationServer, elasticsearchSink } = await import('./index.ts')
const has = (name) => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/node_modules/' + name + '/'))
const both = () => [has('@elastic/elasticsearch'), has('fastify')]
const before = both()
const options = { name: 'a', connection: 'http://127.0.0.1:1', index: 'a', mappings: {}, id: String }
await elasticsearchSink(options).close()
new ApplicationServer({ applications: [] })
console.log(JSON.stringify([before, both()]))
`

it('the libraries of Elasticsearch and of the server are loaded by who uses them', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', loaded], {
    cwd: join(import.meta.dirname, '..')
  })
  expect(JSON.parse(stdout)).toEqual([
    [false, false],
    [true, true]
  ])
})
