import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dashboards, dashboardText } from './dashboards.ts'
import { expressionsOf, panelCount, samplesOf, withoutVariables } from './expressions.ts'

const help = `Writes the dashboards to grafana/json, from where Grafana is provisioned (deploy/compose.yaml).

  npm run dashboards                              write them
  npm run dashboards -- --check                   are the files those of the code?
  npm run dashboards -- --data http://127.0.0.1:9090
                                                  does every expression of every panel have data there?

  --minutes N    how far back to look for data (default 10)
  --help         this page

Exit code 0: yes. 1: no.
`

const rateSeconds = 30

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      data: { type: 'string' },
      minutes: { type: 'string', default: '10' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  if (values.data !== undefined) return checkData(values.data, Number(values.minutes))
  let stale = 0
  for (const [name, dashboard] of Object.entries(dashboards)) {
    const file = join(import.meta.dirname, 'json', `${name}.json`)
    const text = dashboardText(dashboard)
    if (!values.check) await writeFile(file, text)
    else if ((await readFile(file, 'utf8')) !== text) {
      stale++
      process.stdout.write(`${file} is out of date: npm run dashboards\n`)
    }
  }
  return stale === 0 ? 0 : 1
}

async function checkData(url: string, minutes: number): Promise<number> {
  const to = Date.now() / 1000
  const expressions = expressionsOf(dashboards)
  let empty = 0
  for (const { dashboard, panel, expression } of expressions) {
    const samples = await samplesOf(url, withoutVariables(expression, rateSeconds), {
      from: to - minutes * 60,
      to
    })
    if (samples > 0) continue
    empty++
    process.stdout.write(`no data: ${dashboard}, "${panel}": ${expression}\n`)
  }
  process.stdout.write(
    `${panelCount(dashboards)} panels, ${expressions.length} expressions, ${empty} without data\n`
  )
  return empty === 0 ? 0 : 1
}

process.exitCode = await main()
