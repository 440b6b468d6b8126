import { StreamsError } from '../index.ts'

export interface ScaffoldFile {
  readonly path: string
  readonly text: string
}

/** What a new analysis is called in code and in topics. */
interface Names {
  /** `basket-sizes` */
  readonly file: string
  /** `basketSizes` */
  readonly camel: string
  /** `BasketSizes` */
  readonly pascal: string
}

/**
 * A new analysis of line items and its test: complete, small, and to be changed. Throws CONFIG_INVALID for a name that cannot be that of a
 * file, a function and a topic.
 */
export function scaffoldAnalysis(name: string): readonly [analysis: ScaffoldFile, test: ScaffoldFile] {
  const names = namesOf(name)
  return [
    { path: `topology/retail/${names.file}.ts`, text: analysisText(names) },
    { path: `test/retail/${names.file}.test.ts`, text: testText(names) }
  ]
}

/** What is left to do by hand, once the files are there. */
export function nextSteps(name: string): string {
  const { file, camel } = namesOf(name)
  return `Next:
  npx vitest run test/retail/${file}.test.ts
  npm start -- --analysis topology/retail/${file}.ts#${camel}
  and look: the topic analyses.${file}, the table ${tableName(file)}, the dashboard "business".
`
}

function tableName(file: string): string {
  return file.replaceAll('-', '_')
}

function namesOf(name: string): Names {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 19)
    throw new StreamsError(
      'CONFIG_INVALID',
      `"${name}": use at most 19 of a-z, 0-9 and hyphens, such as basket-sizes`
    )
  const pascal = name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
  return { file: name, pascal, camel: pascal.charAt(0).toLowerCase() + pascal.slice(1) }
}

function analysisText({ file, camel, pascal }: Names): string {
  return `import { z } from 'zod'
import { json, string, topic } from '../../index.ts'
import { AMOUNT_SCALE } from '../../processors/retail/model.ts'
import { ownAnalysis } from '../../sinks/retail/own-analysis.ts'
import { tableOf } from '../../sinks/retail/table-of.ts'
import { lineItems } from './topics.ts'

const ${pascal} = z.object({ country: z.string(), storeId: z.string(), items: z.int(), sales: z.int() })
type ${pascal} = z.infer<typeof ${pascal}>
const nothing: ${pascal} = { country: '', storeId: '', items: 0, sales: 0 }
const ${camel}Topic = topic('analyses.${file}', {
  key: string(),
  value: json(${pascal}),
  cleanupPolicy: 'compact'
})

/** What each store sold, in ten-thousandths. Line items are signed: one that is taken back has -1 rows and negative sales. */
export const ${camel} = ownAnalysis<${pascal}>({
  name: '${file}',
  topic: ${camel}Topic,
  build(builder) {
    builder
      .stream(lineItems)
      .groupBy((item) => \`\${item.country}/\${item.storeId}\`, { name: 'by-${file}', key: string() })
      .aggregate({
        name: '${file}',
        initial: () => nothing,
        add: ({ country, storeId, rows, sales }, total) => ({
          country,
          storeId,
          items: total.items + rows,
          sales: total.sales + sales
        }),
        value: json(${pascal})
      })
      .toStream()
      .to(${camel}Topic)
  },
  table: tableOf<${pascal}>({
    table: '${tableName(file)}',
    key: ['country', 'store_id'],
    columns: {
      country: ['text', 'country'],
      store_id: ['text', 'storeId'],
      items: ['bigint', 'items'],
      sales: ['amount', 'sales']
    }
  }),
  // what the dashboard shows of each country
  figures: { items: ({ items }) => items, sales: ({ sales }) => sales / AMOUNT_SCALE }
})
`
}

function testText({ file, camel }: Names): string {
  // by their paths, as Biome has imports
  const own = `import { ${camel} } from '../../topology/retail/${file}.ts'`
  const lineItems = "import { lineItems } from '../../topology/retail/topics.ts'"
  const imports = file < 'topics' ? [own, lineItems] : [lineItems, own]
  return `import { expect, it } from 'vitest'
import { StreamsBuilder } from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'
${imports.join('\n')}
import { lineItem } from './line-item.ts'

it('adds up what a store sold, and takes back what is taken back', () => {
  const builder = new StreamsBuilder()
  ${camel}.build(builder)
  const driver = new TopologyTestDriver(builder.build())
  driver.pipe(lineItems, { key: 'US/100', value: lineItem({ sales: 39800 }) })
  driver.pipe(lineItems, { key: 'US/100', value: lineItem({ sales: 10000 }) })
  driver.pipe(lineItems, { key: 'US/100', value: lineItem({ sales: -10000, rows: -1 }) })
  const row = { country: 'US', storeId: '7', items: 1, sales: 39800 }
  expect(driver.readTable(${camel}.topic)).toEqual(new Map([['US/7', row]]))
})
`
}
