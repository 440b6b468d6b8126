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

/** `vitest run -u docs` writes the programs into the page again. */
it('the page shows both programs as they are', async () => {
  const page = readFileSync('docs/first-application.md', 'utf8')
  const shown = page.replaceAll(
    /^(.*\[`(?<name>[\w-]+)\.ts`\]\(examples\/.*)\n\n```ts\n[\s\S]*?```/gm,
    (_, link: string, name: string) => {
      const code = readFileSync(`docs/examples/${name}.ts`, 'utf8').replaceAll('../../index.ts', 'store-sku')
      return `${link}\n\n\`\`\`ts\n${code}\`\`\``
    }
  )
  await expect(shown).toMatchFileSnapshot('../first-application.md')
})
