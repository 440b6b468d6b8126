import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { expensesFile } from '../../ingest/references/expenses.ts'
import { inventoryFile } from '../../ingest/references/inventory.ts'
import { productsFile } from '../../ingest/references/products.ts'
import { promotionsFile } from '../../ingest/references/promotions.ts'
import { ratesFile } from '../../ingest/references/rates.ts'
import { storesFile } from '../../ingest/references/stores.ts'
import { chooseDialect } from '../../processors/retail/dialects/choose-dialect.ts'
import { foodmart } from '../../processors/retail/dialects/foodmart.ts'
import { onlineRetail } from '../../processors/retail/dialects/online-retail.ts'
import { storeSku } from '../../processors/retail/dialects/store-sku.ts'

const page = readFileSync('docs/files.md', 'utf8')

/** What stands in backquotes in the cells behind the first one of the row that begins with that word. */
function cellsOf(name: string): string[][] {
  const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? ''
  const cells = row.split(' | ').slice(1)
  return cells.map((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, column = '']) => column))
}

it.each([foodmart, onlineRetail, storeSku])('tells the columns of $name', ({ name, columns, optional }) => {
  expect(cellsOf(name)).toEqual([columns, optional])
})

it.each([productsFile, storesFile, promotionsFile, ratesFile, expensesFile, inventoryFile])(
  'tells the columns of $object',
  ({ object, columns }) => {
    expect(cellsOf(object.replace('reference/', ''))[0]).toEqual(expect.arrayContaining([...columns]))
  }
)

it('its example is a file of that form', () => {
  const [header = ''] = (/```csv\n([\s\S]*?)```/.exec(page)?.[1] ?? '').split('\n')
  expect(chooseDialect(header).dialect).toBe(storeSku)
})
