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

/** Levels that a new cluster's features begin with, such as `transaction.version`; the newest when not named. */
export type FeatureLevels = Readonly<Record<string, number>>

export interface KafkaInstallation {
  readonly jars: string
  /** The data folder of a Kafka that was never started */
  readonly formatted: string
  readonly archiveOptions: readonly string[]
}

type Report = (message: string) => void

/** Everything that running Kafka needs and that is the same for every directory, from the cache. */
export async function installKafka(report: Report, features: FeatureLevels = {}): Promise<KafkaInstallation> {
  const [java, { name, jars }] = await Promise.all([requireJava(), fetchKafka(report)])
  // a class archive fits one version of Java and one place of the jars
  const prepared = await cached({
    name: `${name}-java-${java}`,
    report,
    build: (folder) => {
      report('preparing Kafka for fast starts; this happens once')
      return prepare(jars, folder)
    }
  })
  return {
    jars,
    formatted: await formattedWith(features, { name, jars, usual: join(prepared, 'formatted'), report }),
    archiveOptions: await classArchiveOptions(prepared)
  }
}

/** Kafka's jars, and the name of this version of them. */
export async function fetchKafka(report: Report): Promise<{ name: string; version: string; jars: string }> {
  const [version, digest] = await Promise.all([pomProperty(pom, 'kafka.version'), digestOf([pom])])
  const name = `kafka-${version}-${digest}`
  const jars = await cached({
    name,
    report,
    build: async (folder) => {
      report(`fetching Kafka ${version} with Maven; this happens once`)
      await fetchJars(pom, folder, report)
    }
  })
  return { name, version, jars }
}

export function kafkaJavaArgs(
  jars: string,
  archiveOptions: readonly string[],
  properties: string,
  heapMb = 512
): string[] {
  return [
    `-Xms${heapMb}m`,
    `-Xmx${heapMb}m`,
    '-XX:+UseG1GC',
    '-XX:MaxGCPauseMillis=20',
    // it lives for minutes: the second compiler would take more time than it gives back
    '-XX:TieredStopAtLevel=1',
    ...archiveOptions,
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(sources, 'log4j2.properties')}`,
    '-cp',
    `${jars}/*`,
    'kafka.Kafka',
    properties
  ]
}

/** A node of a cluster; what is alone gets an id of its own. */
export interface NodeIds {
  readonly clusterId: string
  readonly nodeId: number
}

/** Gives a new directory a formatted data folder, which is told apart from all others by its ids. */
export async function formatData(
  formatted: string,
  dataFolder: string,
  { clusterId, nodeId }: NodeIds = { clusterId: randomId(), nodeId: 1 }
): Promise<void> {
  if (await exists(join(dataFolder, 'meta.properties'))) return
  const partial = `${dataFolder}.partial`
  await rm(partial, { recursive: true, force: true })
  await cp(formatted, partial, { recursive: true })
  const meta = join(partial, 'meta.properties')
  const text = (await readFile(meta, 'utf8'))
    .replace(/^cluster\.id=.*$/m, `cluster.id=${clusterId}`)
    .replace(/^node\.id=.*$/m, `node.id=${nodeId}`)
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
  await format(jars, properties, {})
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

interface Formatting {
  readonly name: string
  readonly jars: string
  /** The folder with the newest level of each feature */
  readonly usual: string
  readonly report: Report
}

/** A formatted folder is the same for every node and cluster but for its ids, so each choice of features is made once. */
async function formattedWith(
  features: FeatureLevels,
  { name, jars, usual, report }: Formatting
): Promise<string> {
  const chosen = Object.entries(features).sort(([one], [other]) => (one < other ? -1 : 1))
  if (chosen.length === 0) return usual
  const folder = await cached({
    name: [name, 'formatted', ...chosen.map(([feature, level]) => `${feature}-${level}`)].join('-'),
    report,
    build: async (folder) => {
      const properties = join(folder, 'server.properties')
      const place = { dataFolder: join(folder, 'formatted'), clientPort: 1, controllerPort: 2 }
      await mkdir(place.dataFolder)
      await writeFile(properties, serverProperties(place, {}))
      await format(jars, properties, features)
    }
  })
  return join(folder, 'formatted')
}

async function format(jars: string, properties: string, features: FeatureLevels): Promise<void> {
  const formatter = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', `${jars}/*`]
  const levels = Object.entries(features).flatMap(([feature, level]) => ['--feature', `${feature}=${level}`])
  await runJava(
    'java',
    [...formatter, 'kafka.tools.StorageTool', 'format', '-t', randomId(), '-c', properties, ...levels],
    "Kafka's data folder could not be formatted."
  )
}

/** 16 bytes as Kafka writes its ids; a leading dash would look like an option to its tools. */
export function randomId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A')
}
