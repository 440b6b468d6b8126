import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { TopologyTestDriver } from '../../testing.ts'
import { orders, turnover, turnoverTopology } from './turnover.ts'

it('adds up what each shop has sold', () => {
  const driver = new TopologyTestDriver(turnoverTopology())
  driver.pipe(orders, { key: '1', value: { shop: 'soho', cents: 450 } })
  driver.pipe(orders, { key: '2', value: { shop: 'soho', cents: 50 } })
  expect(driver.readTable(turnover)).toEqual(new Map([['soho', 500]]))
})

/** `npx vitest run docs/examples -u` writes the programs into the pages again. */
it.each(['first-application', 'sinks'])('the page %s shows its programs as they are', async (name) => {
  const page = readFileSync(`docs/${name}.md`, 'utf8')
  const shown = page.replaceAll(
    /^(.*\[`([\w-]+)\.ts`\]\(examples\/.*)\n\n```ts\n[\s\S]*?```/gm,
    (_, link: string, program: string) => {
      const code = readFileSync(`docs/examples/${program}.ts`, 'utf8').replaceAll(
        '../../index.ts',
        'store-sku'
      )
      return `${link}\n\n\`\`\`ts\n${code}\`\`\``
    }
  )
  expect(shown).toContain('```ts\nimport')
  await expect(shown).toMatchFileSnapshot(`../${name}.md`)
})
