import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, digestOf } from '../../deploy/local/cache.ts'
import { javaProgram, requireJava, runJava } from '../../deploy/local/java.ts'
import { fetchKafka } from '../../deploy/local/kafka-installation.ts'
import { fetchJars, pomProperty } from '../../deploy/local/maven.ts'

const sources = join(import.meta.dirname, 'java')
const pom = join(sources, 'pom.xml')
const logging = join(sources, 'log4j2.properties')

type Report = (message: string) => void

/** `Verify` and `Faults` need no more than the broker's jars; `Takeover` needs Kafka Streams and RocksDB, too. */
export type JavaProgram = 'Verify' | 'Faults' | 'Takeover'

export interface JavaRun {
  readonly args: readonly string[]
  readonly report?: Report
  /** Kills the program when aborted */
  readonly signal?: AbortSignal
  /** Exit codes beside 0 that are no failure */
  readonly expectedCodes?: readonly number[]
}

/** Runs one of the Java programs to its end, compiled first if need be, and gives what it printed. */
export async function runProgram(program: JavaProgram, run: JavaRun): Promise<string> {
  const report = run.report ?? (() => {})
  const classPath = program === 'Takeover' ? await takeoverClassPath(report) : await readerClassPath(report)
  const args = [
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    `-Dlog4j2.configurationFile=${logging}`,
    '-cp',
    classPath,
    `storesku.peer.${program}`,
    ...run.args
  ]
  return new Promise((resolve, reject) => {
    const child = spawn(javaProgram('java'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(run.signal === undefined ? {} : { signal: run.signal, killSignal: 'SIGKILL' })
    })
    let printed = ''
    let complaints = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString('utf8')
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code !== null && (code === 0 || run.expectedCodes?.includes(code))) return resolve(printed)
      reject(new Error(`${program} ${run.args.join(' ')} ended with ${code ?? signal}\n${complaints}`))
    })
  })
}

async function readerClassPath(report: Report): Promise<string> {
  const { name, jars } = await fetchKafka(report)
  return `${await compiled('reader', join(sources, 'reader'), name, `${jars}/*`, report)}:${jars}/*`
}

async function takeoverClassPath(report: Report): Promise<string> {
  const { name } = await fetchKafka(report)
  const needed = `${await readerClassPath(report)}:${await streamsJars(report)}/*`
  return `${await compiled('takeover', join(sources, 'takeover'), name, needed, report)}:${needed}`
}

/** The arguments for Java up to its program's own: a folder of sources, compiled if need be, beside Kafka Streams. */
export async function streamsProgram(
  part: string,
  folder: string,
  mainClass: string,
  report: Report
): Promise<string[]> {
  const { name, jars } = await fetchKafka(report)
  const needed = `${jars}/*:${await streamsJars(report)}/*`
  const classes = await compiled(part, folder, name, needed, report)
  return [`-Dlog4j2.configurationFile=${logging}`, '-cp', `${classes}:${needed}`, mainClass]
}

/** The folder with what Kafka Streams needs beyond the broker's jars. */
async function streamsJars(report: Report): Promise<string> {
  const { version } = await fetchKafka(report)
  const [streams, digest] = await Promise.all([pomProperty(pom, 'kafka.version'), digestOf([pom])])
  if (streams !== version)
    throw new Error(`${pom} names Kafka ${streams}, but the broker's jars are ${version}`)
  return await cached({
    name: `kafka-streams-${streams}-${digest}`,
    report,
    build: async (folder) => {
      report(`fetching Kafka Streams ${streams} with Maven; this happens once`)
      await fetchJars(pom, folder, report)
    }
  })
}

/** The folder with the classes of one folder of sources. */
async function compiled(
  part: string,
  folder: string,
  kafka: string,
  classPath: string,
  report: Report
): Promise<string> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.java')).sort()
  const paths = files.map((file) => join(folder, file))
  const [java, digest] = await Promise.all([requireJava(), digestOf(paths)])
  return await cached({
    name: `peer-${part}-${digest}-${kafka}-java-${java}`,
    report,
    build: async (target) => {
      report(`compiling the independent ${part} in Java; this happens once`)
      await runJava(
        'javac',
        ['--release', '17', '-cp', classPath, '-d', target, ...paths],
        `${folder} could not be compiled.`
      )
    }
  })
}
