import { readFile, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { requireJava } from '../../../deploy/local/java.ts'
import { fetchKafka } from '../../../deploy/local/kafka-installation.ts'

const file = join(import.meta.dirname, '../../../docs/benchmarks.md')

/** What the figures were measured on, with what, and when. */
export async function machine(): Promise<string> {
  const [java, { version }] = await Promise.all([requireJava(), fetchKafka(() => {})])
  const processors = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const day = new Date().toISOString().slice(0, 10)
  return (
    `${day}, ${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}, ${memory} GiB, ${type()} ${release()}; ` +
    `Node ${process.version}, Java ${java}, Kafka and Kafka Streams ${version}.`
  )
}

/** Replaces what stands between the markers of that name in docs/benchmarks.md. */
export async function writeSection(name: string, text: string): Promise<void> {
  const document = await readFile(file, 'utf8')
  const begin = `<!-- ${name}: written by the benchmark -->\n`
  const end = `<!-- end of ${name} -->\n`
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${file} has no place for ${name}`)
  await writeFile(file, `${document.slice(0, from)}${begin}\n${text}\n\n${document.slice(to)}`)
}
