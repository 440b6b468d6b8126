import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cached, digestOf } from '../../../deploy/local/cache.ts'
import { runJava } from '../../../deploy/local/java.ts'
import { fetchJars } from '../../../deploy/local/maven.ts'

export const chart = join(import.meta.dirname, '../../../deploy/helm/store-sku')

export interface Rendered {
  readonly manifests?: string
  readonly error?: string
}

/** Lints the chart, and renders it with each file of values, by Helm itself. `lint` is empty for a chart without fault. */
export async function renderChart(
  values: readonly string[]
): Promise<{ readonly lint: string; readonly rendered: readonly Rendered[] }> {
  const answer = JSON.parse(await helmCheck([chart, ...values])) as Record<string, Rendered> & {
    readonly lint: string
  }
  return { lint: answer.lint, rendered: values.map((file) => answer[file] ?? { error: 'not rendered' }) }
}

/** What Kubernetes' own models refuse of these resources: unknown and missing names, wrong kinds of value. */
export async function refusals(resources: readonly unknown[]): Promise<readonly string[]> {
  return JSON.parse(await helmCheck(['--resources'], JSON.stringify(resources))) as string[]
}

/** What the program writes, given these arguments and, if there is a text, a file with it. */
async function helmCheck(args: readonly string[], text?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'helm-'))
  try {
    const [input, output] = [join(folder, 'in.json'), join(folder, 'out.json')]
    if (text !== undefined) await writeFile(input, text)
    const options = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', `${await jars()}/*`]
    const source = join(import.meta.dirname, 'HelmCheck.java')
    const all = [...options, source, output, ...args, ...(text === undefined ? [] : [input])]
    await runJava('java', all, 'The chart could not be checked.')
    return await readFile(output, 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function jars(): Promise<string> {
  const pom = join(import.meta.dirname, 'pom.xml')
  return cached({
    name: `helm-${await digestOf([pom])}`,
    report: () => undefined,
    build: async (folder) => {
      await fetchJars(pom, folder, () => undefined)
      if ((await readdir(folder)).length === 0) throw new Error('Maven brought no jars')
    }
  })
}
