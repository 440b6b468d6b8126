import { type ExecFileException, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesToCopy } from '../../deploy/build.ts'
import { server } from '../sinks/servers.ts'
import { pageLinks } from './page-links.ts'

/*
 * The package as who installs it finds it: packed, installed in a project of its own, compiled, and run on the oldest versions of Node that it
 * says it supports, without type stripping.
 */

interface Manifest {
  readonly engines: { readonly node: string }
  readonly devDependencies: Readonly<Record<string, string>>
}
/** Bounds for what hangs; npm and compilers take their time on a busy machine. */
const minutes = 60_000
const noStripping = '--no-experimental-strip-types'

const manifest = JSON.parse(await readFile('package.json', 'utf8')) as Manifest
/** Of `^22.22.0 || >=24.6.0`, 22.22.0 and 24.6.0. */
const oldest = [...manifest.engines.node.matchAll(/\d+\.\d+\.\d+/g)].map(([version]) => version)
/** Where npm has Node's programs; the package `node` itself wants to run a script at its installation. */
const nodePackage = `node-${process.platform}-${process.arch}`

let project: string
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'store-sku-consumer-'))
  const packed = await run('npm', ['pack', '--pack-destination', project, '--json'], process.cwd())
  // what the build prints comes first
  const [, tarball = ''] = /"filename": "([^"]+)"/.exec(packed) ?? []
  const { typescript, '@types/node': nodeTypes } = manifest.devDependencies
  const nodes = oldest.map((version) => [`node-${version}`, `npm:${nodePackage}@${version}`])
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({
      name: 'consumer',
      private: true,
      type: 'module',
      dependencies: { 'store-sku': `file:${tarball}` },
      devDependencies: { typescript, '@types/node': nodeTypes, ...Object.fromEntries(nodes) }
    })
  )
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'])
  await cp(join(import.meta.dirname, 'consumer'), project, { recursive: true })
}, 10 * minutes)

afterAll(() => rm(project, { recursive: true, force: true }))

const compilerOptions = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true
}

async function compile(options: Readonly<Record<string, unknown>>, files: readonly string[]): Promise<void> {
  const settings = { compilerOptions: { ...compilerOptions, ...options }, files }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(settings))
  await run(process.execPath, ['node_modules/typescript/bin/tsc'])
}

it('what was packed has what its README links, and no tests', async () => {
  const files = await readdir(join(project, 'node_modules/store-sku'), { recursive: true })
  for (const link of pageLinks('README.md')) expect(files).toContain(link.replace(/\/$/, ''))
  for (const path of filesToCopy()) expect(files).toContain(join('dist', path))
  expect(files.filter((path) => /^(test|node_modules|\.)|\.tsbuildinfo$/.test(path))).toEqual([])
})

it(
  'publint finds no fault with its manifest and its files',
  async () => {
    const { messages } = await publint({
      pkgDir: join(project, 'node_modules/store-sku'),
      strict: true,
      pack: false
    })
    expect(messages).toEqual([])
  },
  3 * minutes
)

it(
  'types are found as ES modules, as CommonJS, and by bundlers, and hold by themselves',
  async () => {
    const bundled = { module: 'esnext', moduleResolution: 'bundler', noEmit: true }
    await compile(bundled, ['driver.ts'])
    await compile({ module: 'nodenext', outDir: 'built' }, ['driver.ts', 'application.ts', 'required.cts'])
    // what the declarations of others lack is their affair
    const faults = await compile({ ...bundled, skipLibCheck: false }, ['driver.ts']).catch(String)
    expect(faults ?? '').not.toContain('node_modules/store-sku/')
  },
  10 * minutes
)

describe.each(oldest)('on Node %s', (version) => {
  const node = () => join(project, 'node_modules', `node-${version}`, 'bin/node')
  const program = (...args: string[]) => run(node(), [noStripping, ...args])

  it(
    'a graph runs in the test driver, imported and required',
    async () => {
      expect(await program('--version')).toBe(`v${version}\n`)
      expect(await program('built/driver.js')).toBe('driver: done\n')
      expect(await program('built/required.cjs')).toBe('required: done\n')
    },
    3 * minutes
  )

  it.each(['rocksdb', 'level'])(
    'an application runs in worker threads over %s',
    async (engine) => {
      const prefix = `consumer-${version.replaceAll('.', '-')}-${engine}-${Date.now().toString(36)}-`
      const told = await program('built/application.js', server('KAFKA_BROKERS'), prefix, engine)
      expect(told).toBe(`application on ${engine}: done\n`)
    },
    3 * minutes
  )

  it(
    'store-sku knows its own graph, and runs the retail system',
    async () => {
      const command = 'node_modules/.bin/store-sku'
      expect(await program(command, 'describe')).toContain('Sub-topology')
      expect(await program(command, 'diff')).toBe('no difference that state depends on\n')
      expect(
        await program(command, 'describe', '--graph', 'built/graph.js#visitGraph').catch(String)
      ).toContain('is no topology')
      const child = spawn(node(), [noStripping, command, 'run', '--bucket', 'sku-gb', '--state', 'retail'], {
        cwd: project,
        stdio: ['ignore', 'ignore', 'pipe']
      })
      let said = ''
      let stopped = false
      child.stderr.on('data', (text: Buffer) => {
        said += text.toString()
        // a second signal would end it at once
        if (said.includes('running: ') && !stopped) stopped = child.kill('SIGTERM')
      })
      const [code] = await once(child, 'exit')
      expect(said).toContain('running: ingest, graph, sinks')
      expect(code).toBe(0)
    },
    5 * minutes
  )
})

/** What it printed. Throws what it said if it failed. */
function run(command: string, args: readonly string[], cwd = project): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string) =>
      error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stdout}${stderr}`))
    execFile(command, args, { cwd, maxBuffer: 1 << 26, timeout: 10 * minutes }, done)
  })
}
