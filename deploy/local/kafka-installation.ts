import { randomBytes } from 'node:crypto'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, digestOf, exists } from './cache.ts'
import { classArchiveOptions, recordClasses } from './class-archive.ts'
import { requireJava, runJava } from './java.ts'
import { probeKafka } from './kafka-probe.ts'
import { serverProperties } from './kafka-settings.ts'
import { fetchJars, pomProperty } from './maven.ts'
import { choosePort } from './ports.ts'

const sources = join(import.meta.dirname, 'kafka')
const pom = join(sources, 'pom.xml')

export interface KafkaInstallation {
  readonly jars: string
  /** The data folder of a Kafka that was never started */
  readonly formatted: string
  readonly archiveOptions: readonly string[]
}

type Report = (message: string) => void

/** Everything that running Kafka needs and that is the same for every directory, from the cache. */
export async function installKafka(report: Report): Promise<KafkaInstallation> {
  const [java, version, digest] = await Promise.all([
    requireJava(),
    pomProperty(pom, 'kafka.version'),
    digestOf([pom])
  ])
  const name = `kafka-${version}-${digest}`
  const jars = await cached({
    name,
    report,
    build: async (folder) => {
      report(`fetching Kafka ${version} with Maven; this happens once`)
      await fetchJars(pom, folder, report)
    }
  })
  // a class archive fits one version of Java and one place of the jars
  const prepared = await cached({
    name: `${name}-java-${java}`,
    report,
    build: (folder) => {
      report('preparing Kafka for fast starts; this happens once')
      return prepare(jars, folder)
    }
  })
  return { jars, formatted: join(prepared, 'formatted'), archiveOptions: await classArchiveOptions(prepared) }
}

export function kafkaJavaArgs(jars: string, archiveOptions: readonly string[], properties: string): string[] {
  return [
    '-Xms512m',
    '-Xmx512m',
    '-XX:+UseG1GC',
    '-XX:MaxGCPauseMillis=20',
    ...archiveOptions,
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(sources, 'log4j2.properties')}`,
    '-cp',
    `${jars}/*`,
    'kafka.Kafka',
    properties
  ]
}

/** Gives a new directory a formatted data folder, which is told apart from all others by its ids. */
export async function formatData(formatted: string, dataFolder: string): Promise<void> {
  if (await exists(join(dataFolder, 'meta.properties'))) return
  const partial = `${dataFolder}.partial`
  await rm(partial, { recursive: true, force: true })
  await cp(formatted, partial, { recursive: true })
  const meta = join(partial, 'meta.properties')
  const text = (await readFile(meta, 'utf8'))
    .replace(/^cluster\.id=.*$/m, `cluster.id=${randomId()}`)
    .replace(/^directory\.id=.*$/m, `directory.id=${randomId()}`)
  await writeFile(meta, text)
  await rename(partial, dataFolder)
}

async function prepare(jars: string, folder: string): Promise<void> {
  const formatted = join(folder, 'formatted')
  const properties = join(folder, 'server.properties')
  const dataFolder = join(folder, 'data')
  const clientPort = await choosePort()
  const controllerPort = await choosePort()
  await mkdir(formatted)
  await writeFile(properties, serverProperties({ dataFolder: formatted, clientPort, controllerPort }, {}))
  const formatter = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', `${jars}/*`]
  await runJava(
    'java',
    [...formatter, 'kafka.tools.StorageTool', 'format', '-t', randomId(), '-c', properties],
    "Kafka's data folder could not be formatted."
  )
  await cp(formatted, dataFolder, { recursive: true })
  await writeFile(properties, serverProperties({ dataFolder, clientPort, controllerPort }, {}))
  await recordClasses({
    title: 'Kafka',
    folder,
    javaArgs: kafkaJavaArgs(jars, [], properties),
    probe: () => probeKafka(`127.0.0.1:${clientPort}`)
  })
  await rm(dataFolder, { recursive: true })
}

/** 16 bytes as Kafka writes its ids; a leading dash would look like an option to its tools. */
function randomId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A')
}
