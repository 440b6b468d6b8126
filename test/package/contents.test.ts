import { existsSync, globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { filesToCopy } from '../../deploy/build.ts'
import { pageLinks } from './page-links.ts'

/*
 * What can be told of the package without building it. `npm run package` builds, installs and uses it.
 */

interface Manifest {
  readonly files: readonly string[]
}
const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
/** npm takes these unasked. */
const always = ['package.json', 'README.md', 'LICENSE']

it('holds what is used and read, and no tests', () => {
  for (const path of files) if (path !== 'dist') expect(existsSync(path), path).toBe(true)
  for (const path of always) expect(existsSync(path), path).toBe(true)
  expect(files).toEqual(expect.arrayContaining(['dist', 'docs', 'CHANGELOG.md']))
  // of bin only what starts what was built: sources beside it would be taken instead, and node runs none in node_modules
  expect(files.filter((path) => /^(bin|test)\b/.test(path))).toEqual(['bin/store-sku.js'])
})

it('has every page and file that its README links', () => {
  const links = pageLinks('README.md')
  expect(links.length).toBeGreaterThan(20)
  const packed = [...always, ...files]
  for (const link of links)
    expect(
      packed.some((path) => link === path || link.startsWith(`${path}/`)),
      link
    ).toBe(true)
})

it('every link of a page leads somewhere', () => {
  for (const page of ['README.md', 'CHANGELOG.md', ...globSync('docs/**/*.md')])
    for (const link of pageLinks(page)) expect(existsSync(link), `${page}: ${link}`).toBe(true)
})

it('the build has the modules that no other imports, and the files that are no modules', () => {
  const build = readFileSync('tsconfig.build.json', 'utf8')
  const workers = globSync('{state,runtime,kafka,http}/**/*-worker.ts')
  expect(workers.length).toBeGreaterThan(2)
  for (const worker of workers) expect(build).toContain(`"${worker}"`)
  expect(filesToCopy()).toContain('topology/retail/topology.lock.json')
  expect(filesToCopy().filter((path) => path.startsWith('bin/'))).toEqual([])
})
