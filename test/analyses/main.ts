import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import pg from 'pg'
import {
  addressFromEnvironment,
  addressVariables,
  standardServiceNames
} from '../../deploy/local/addresses.ts'
import { startServices, stopServices } from '../../deploy/local/services.ts'
import { analyses } from './analyses.ts'
import { compare } from './compare.ts'
import { correct, layOut } from './data.ts'
import { loadReferences } from './references.ts'

const help = `Holds every analysis of the retail system against plain SQL over its line items, row by row, before and after files were corrected.

  npm run analyses -- --foodmart      FoodMart's sales, which are fetched as npm start does
  npm run analyses -- --data DIR      a folder laid out as BUCKET/STORE/FILE.csv; it is copied, and the copy corrected

  --keep     keep the services and their data when all is equal, too
  --help     this page

The system itself is npm start -- --once, on services of its own. Amounts and counts must be equal to the last digit, doubles to nine.
Ends with a line "N passed, N failed", and with exit code 1 when one failed.
`

interface Case {
  readonly name: string
  readonly passed: boolean
  readonly details: string
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      foodmart: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) return print(help.trimEnd())
  if (values.foodmart === (values.data !== undefined)) throw new Error('say --foodmart or --data DIR')
  const named = standardServiceNames.filter((name) => addressFromEnvironment(name) !== undefined)
  if (named.length > 0)
    throw new Error(
      `this needs services of its own; unset ${named.map((name) => addressVariables[name]).join(', ')}`
    )
  process.env['LOCAL_POSTGRES'] = 'embedded'

  const directory = await mkdtemp(join(tmpdir(), 'store-sku-analyses-'))
  // PostgreSQL may have to run as another user, who must get to its folder
  await chmod(directory, 0o711)
  const [data, services] = [join(directory, 'data'), join(directory, 'services')]
  const cases: Case[] = []
  try {
    await layOut(data, values.data)
    await run(data, services, 'before', cases)
    const { databaseUrl } = await startServices({ directory: services, only: ['postgres'] })
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    // what the planner expects of the queries' own tables is far too little
    await client.query("SET enable_nestloop = off; SET work_mem = '256MB'")
    try {
      await compareAll(client, data, 'before', cases)
      const files = await correct(data)
      print(`${files} files are corrected`)
      await run(data, services, 'after', cases)
      await compareAll(client, data, 'after', cases)
    } finally {
      await client.end()
    }
  } finally {
    if (cases.some(({ passed }) => !passed) || values.keep) print(`services and data are in ${directory}`)
    else {
      await stopServices(services, { wipe: true })
      await rm(directory, { recursive: true, force: true })
    }
  }
  for (const { name, passed, details } of cases)
    print(
      `${styleText(passed ? 'green' : 'red', passed ? 'passed' : 'FAILED', { stream: process.stdout })}  ${name.padEnd(30)} ${details}`
    )
  const failed = cases.filter(({ passed }) => !passed).length
  print(`${cases.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

/** The system reads what is new, does everything, and says whether its own figures agree with the files. */
async function run(data: string, services: string, when: string, cases: Case[]): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../bin/start.ts'), '--once', '--json', '--data', data, '--dir', services],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const [code] = (await new Promise<unknown[]>((resolve) =>
    child.once('close', (...all) => resolve(all))
  )) as [number | null]
  if (text === '') throw new Error(`npm start ended with code ${code} before it showed figures`)
  const { seconds } = JSON.parse(text) as { seconds: number }
  cases.push({ name: `files and figures, ${when}`, passed: code === 0, details: `${seconds} s` })
}

async function compareAll(
  client: pg.Client,
  data: string,
  when: 'before' | 'after',
  cases: Case[]
): Promise<void> {
  await loadReferences(client, data)
  for (const analysis of analyses) {
    const { compared, equal, changed, differences } = await compare(client, analysis)
    const details = `${compared} rows compared, ${equal} equal`
    cases.push({
      name: `${analysis.name}, ${when}`,
      // what has no rows at the end, or none that the correction changed, shows nothing
      passed: equal === compared && (when === 'before' || (compared > 0 && changed > 0)),
      details: when === 'before' ? details : `${details}, ${changed} changed by the correction`
    })
    for (const difference of differences) print(`${analysis.name}: ${difference}`)
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee --help.\n`)
  process.exitCode = 2
}
