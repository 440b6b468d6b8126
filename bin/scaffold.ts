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
  then call it in topology/retail/index.ts, before the graph is built:
    import { ${camel} } from './${file}.ts'
    ${camel}(builder)
  and npx store-sku diff, npx store-sku lock: its store is new, which running state survives
`
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
import { json, type StreamsBuilder, string, topic } from '../../index.ts'
import { lineItems } from './topics.ts'

const ${pascal} = z.object({ items: z.int(), sales: z.int() })

/** By \`country/storeId\`. */
export const ${camel}Topic = topic('retail.${file}', {
  key: string(),
  value: json(${pascal}),
  cleanupPolicy: 'compact'
})

/** What each store sold, in ten-thousandths. Line items are signed: one that is taken back has -1 rows and negative sales. */
export function ${camel}(builder: StreamsBuilder): void {
  builder
    .stream(lineItems)
    .groupBy((item) => \`\${item.country}/\${item.storeId}\`, { name: 'by-${file}', key: string() })
    .aggregate({
      name: '${file}',
      initial: () => ({ items: 0, sales: 0 }),
      add: (item, total) => ({ items: total.items + item.rows, sales: total.sales + item.sales }),
      value: json(${pascal})
    })
    .toStream()
    .to(${camel}Topic)
}
`
}

function testText({ file, camel }: Names): string {
  // by their paths, as Biome has imports
  const own = `import { ${camel}, ${camel}Topic } from '../../topology/retail/${file}.ts'`
  const lineItems = "import { lineItems } from '../../topology/retail/topics.ts'"
  const imports = file < 'topics' ? [own, lineItems] : [lineItems, own]
  return `import { expect, it } from 'vitest'
import { StreamsBuilder } from '../../index.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import { TopologyTestDriver } from '../../testing.ts'
${imports.join('\n')}

function item(row: number, sales: number, rows: 1 | -1 = 1): LineItem {
  return {
    file: 'sku-us/7/1997-01.csv',
    revision: 1,
    row,
    rows,
    country: 'US',
    storeId: '7',
    sku: '100',
    productKind: 'product',
    kind: 'sale',
    market: 'US',
    invoice: null,
    businessDay: '1997-01-02',
    customerId: null,
    promotionId: null,
    description: null,
    currency: 'USD',
    units: rows * 10000,
    sales: rows * sales,
    discount: 0,
    cost: 0,
    storeName: null,
    city: null,
    storeCategory: null,
    chain: null,
    promotionName: null,
    productName: null,
    brand: null,
    category: null,
    subcategory: null,
    listPrice: null
  }
}

it('adds up what a store sold, and takes back what is taken back', () => {
  const builder = new StreamsBuilder()
  ${camel}(builder)
  const driver = new TopologyTestDriver(builder.build())
  driver.pipe(lineItems, { key: 'US/100', value: item(1, 39800) })
  driver.pipe(lineItems, { key: 'US/100', value: item(2, 10000) })
  driver.pipe(lineItems, { key: 'US/100', value: item(2, 10000, -1) })
  expect(driver.readTable(${camel}Topic)).toEqual(new Map([['US/7', { items: 1, sales: 39800 }]]))
})
`
}
