import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { StreamsBuilder, Topology } from '../../index.ts'

/** `npx vitest run docs/examples -u` writes code and diagrams of the examples into the page again; the words between them are its own. */
const page = '../operators.md'
const block =
  /^(?<link>\[`(?<name>[\w-]+)\.ts`\]\(examples\/[\w-]+\.ts\).*:)(?:\n\n```ts\n[\s\S]*?```)?(?:\n\n```mermaid\n[\s\S]*?```)?$/gm
const elsewhere = new Set([
  'promotions',
  'sku-returns',
  'driver',
  'turnover',
  'run-turnover',
  'carry-turnover'
])

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}

/** An example has one function that declares its graph. */
async function graphOf(name: string): Promise<Topology> {
  const exported: Record<string, unknown> = await import(new URL(`./${name}.ts`, import.meta.url).href)
  const declare = Object.values(exported).find((value) => typeof value === 'function')
  const builder = new StreamsBuilder()
  const made: unknown = declare?.(builder)
  return made instanceof Topology ? made : builder.build()
}

it('the page shows each example as it is, with the diagram of its graph', async () => {
  const shown = read(page)
  const blocks = await Promise.all(
    [...shown.matchAll(block)].map(async ({ groups }) => {
      const { name = '', link = '' } = groups ?? {}
      const code = read(`./${name}.ts`).replaceAll('../../index.ts', 'store-sku')
      const diagram = (await graphOf(name)).describe().toMermaid()
      return { name, text: `${link}\n\n\`\`\`ts\n${code}\`\`\`\n\n\`\`\`mermaid\n${diagram}\`\`\`` }
    })
  )
  let next = 0
  const expected = shown.replaceAll(block, () => blocks[next++]?.text ?? '')
  await expect(expected).toMatchFileSnapshot(page)

  const examples = readdirSync(new URL('.', import.meta.url)).filter((file) => /^[\w-]+\.ts$/.test(file))
  const names = examples.map((file) => file.replace(/\.ts$/, '')).filter((name) => !elsewhere.has(name))
  expect(blocks.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
})
