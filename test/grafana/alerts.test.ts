import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommand } from '../../deploy/local/command.ts'
import { findPrometheusPrograms } from '../../deploy/local/prometheus-programs.ts'

const root = join(import.meta.dirname, '..', '..')
const rules = join(root, 'deploy/prometheus/alerts.yml')
const cases = join(import.meta.dirname, 'alerts.yml')
const names = async () =>
  [...(await readFile(rules, 'utf8')).matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)

it('every alert has its runbook, and every runbook its alert', async () => {
  const expected = (await names()).map(
    (name) => `${name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.md`
  )
  expect((await readdir(join(root, 'docs/runbooks'))).sort()).toEqual(expected.toSorted())
  const text = await readFile(rules, 'utf8')
  for (const [index, file] of expected.entries()) {
    expect(text, file).toContain(`runbook_url: docs/runbooks/${file}`)
    const page = await readFile(join(root, 'docs/runbooks', file), 'utf8')
    expect(page.split('\n')[0]).toBe(`# ${(await names())[index]}`)
    expect(page).toContain('## Look at')
    expect(page).toContain('## Do')
  }
})

it('every alert fires where it must and not where it must not', async () => {
  const { promtool } = await findPrometheusPrograms(() => undefined)
  const options = { onMissing: 'promtool is gone', onFailure: 'promtool finds fault with the alerts.' }
  await runCommand(promtool, ['check', 'rules', rules], options)
  expect(await runCommand(promtool, ['test', 'rules', cases], options)).toContain('SUCCESS')
  // in the tests of an alert, one expects it and one expects nothing
  const text = await readFile(cases, 'utf8')
  const found = [...text.matchAll(/- alertname: (\w+)\n\s+eval_time: \S+\n\s+exp_alerts:( \[\])?/g)]
  const tested = await names()
  for (const name of tested) {
    const expectations = found
      .filter(([, alert]) => alert === name)
      .map(([, , nothing]) => nothing === undefined)
    expect(expectations.toSorted(), name).toEqual([false, true])
  }
  expect(tested.length).toBeGreaterThan(8)
  console.log(`${tested.length} alerts, each tested firing and not firing`)
}, 120_000)
