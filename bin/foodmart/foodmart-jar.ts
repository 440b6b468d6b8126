import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { readZipEntry } from './zip.ts'

const artifact = 'net.hydromatic:foodmart-data-json:0.4'
const jarName = 'foodmart-data-json-0.4.jar'
const maven = 'mvn'
const copyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'

/** The FoodMart data set: tables of newline-delimited JSON. */
export class FoodmartJar {
  readonly #zip: Buffer

  private constructor(zip: Buffer) {
    this.#zip = zip
  }

  /** Takes the jar from the cache, where Maven puts it first when it is not there. */
  static async open(report: (message: string) => void = () => {}): Promise<FoodmartJar> {
    const folder = cacheFolder()
    const path = join(folder, jarName)
    let zip = await readIfThere(path)
    if (zip === undefined) {
      report(`fetching ${artifact} with Maven`)
      await mkdir(folder, { recursive: true })
      await fetchInto(folder, path)
      zip = await readFile(path)
    }
    return new FoodmartJar(zip)
  }

  /** The table's rows, a JSON text each. */
  lines(table: string): string[] {
    const entry = readZipEntry(this.#zip, `${table}.json`)
    if (entry === undefined) throw new Error(`${jarName} has no table ${table}`)
    return entry
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
  }

  rows<T>(table: string): T[] {
    return this.lines(table).map((line) => JSON.parse(line) as T)
  }
}

function cacheFolder(): string {
  const own = process.env['STORE_SKU_CACHE']
  if (own) return resolve(own)
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'store-sku')
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Copies into a folder of its own first: a jar under its final name is whole, whoever else fetches it now. */
async function fetchInto(folder: string, path: string): Promise<void> {
  const partial = await mkdtemp(join(folder, 'foodmart-'))
  try {
    await runMaven([
      '-q',
      '-B',
      copyPlugin,
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${partial}`,
      '-Dmdep.useBaseVersion=true'
    ])
    await rename(join(partial, jarName), path)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

function runMaven(args: readonly string[]): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(maven, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: homedir() })
    let output = ''
    const collect = (piece: Buffer) => {
      output += piece.toString('utf8')
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT'
      fail(
        missing
          ? new Error(
              `mvn was not found. The FoodMart data is fetched with Maven: install it (Debian, Ubuntu, Fedora: the package ` +
                `maven; macOS: brew install maven), or put ${jarName} into ${cacheFolder()}.`
            )
          : error
      )
    })
    child.on('close', (code) => {
      if (code === 0) return done()
      const end = output.trimEnd().split('\n').slice(-12).join('\n')
      fail(new Error(`Maven could not fetch ${artifact}. Is its repository within reach?\n${end}`))
    })
  })
}
