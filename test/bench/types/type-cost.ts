import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What a type check of one file cost, by `tsc --extendedDiagnostics`. */
export interface TypeCost {
  readonly instantiations: number
  readonly types: number
  readonly checkSeconds: number
}

const root = join(import.meta.dirname, '../../..')

/** Type-checks a graph of that many steps: stateless ones, aggregates, windows and joins in turn, each upon what the one before gave. */
export async function typeCost(steps: number): Promise<TypeCost> {
  // below the project, so that its packages are found
  const directory = await mkdtemp(join(root, 'node_modules/.types-'))
  try {
    await writeFile(join(directory, 'graph.ts'), graphOf(steps))
    await writeFile(
      join(directory, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        include: ['graph.ts', join(root, 'core/*.d.ts'), join(root, 'state/**/*.d.ts')]
      })
    )
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '--noEmit',
      '--extendedDiagnostics',
      '--project',
      directory
    ])
    const figure = (name: string) => Number(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(stdout)?.[1])
    return {
      instantiations: figure('Instantiations'),
      types: figure('Types'),
      checkSeconds: figure('Check time')
    }
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Ten steps that end with the type they began with. */
const tenSteps = (n: number) => `
    .filter((sale) => sale.qty > ${n})
    .map((sale, key) => [key + sale.sku, { sku: sale.sku, cents: sale.qty * 100 }])
    .mapValues(({ sku, cents }) => ({ sku, qty: cents / 100 }))
    .groupBy((sale) => sale.sku, { name: 'by-sku-${n}', key: string(), value: json(Sale) })
    .aggregate({ name: 'totals-${n}', initial: () => ({ sku: '', qty: 0 }), add: (sale, sum) => ({ sku: sale.sku, qty: sum.qty + sale.qty }), value: json(Sale) })
    .toStream((sale, key) => key + sale?.sku)
    .flatMapValues((sale) => (sale === null ? [] : [sale]))
    .repartition({ name: 'spread-${n}', key: string(), value: json(Sale) })
    .leftJoin(prices, (sale, price) => ({ sku: sale.sku, qty: sale.qty + (price ?? 0) }))
    .peek((sale, key) => void [sale.qty + 1, key.length])`

function graphOf(steps: number): string {
  const blocks = Array.from({ length: steps / 10 }, (_, n) => tenSteps(n))
  return `import { z } from 'zod'
import { integer, json, StreamsBuilder, string, topic } from '${join(root, 'index.ts')}'

const Sale = z.object({ sku: z.string(), qty: z.int() })
const sales = topic('sales', { key: string(), value: json(Sale) })
const builder = new StreamsBuilder()
const prices = builder.table(topic('prices', { key: string(), value: integer() }), { name: 'prices' })
builder
    .stream(sales)${blocks.join('')}
    .to(sales)
`
}
