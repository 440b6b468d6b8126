import { join } from 'node:path'
import { cached, digestOf } from '../../deploy/local/cache.ts'
import { runJava } from '../../deploy/local/java.ts'
import { fetchKafka } from '../../deploy/local/kafka-installation.ts'
import { fetchJars, pomProperty } from '../../deploy/local/maven.ts'

const pom = join(import.meta.dirname, 'java', 'tools', 'pom.xml')
const programs = {
  classic: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  streams: 'org.apache.kafka.tools.streams.StreamsGroupCommand'
} as const

export interface GroupToDescribe {
  readonly bootstrap: string
  readonly group: string
  /** `kafka-consumer-groups`, or `kafka-streams-groups` */
  readonly protocol: keyof typeof programs
  readonly report: (message: string) => void
}

/** Rows of a table that the tool prints, by its headings in lower case. */
export type ToolRow = Readonly<Record<string, string>>

/** What Kafka's own command line tool tells of a group: its offsets, or its members. */
export async function describeGroup(group: GroupToDescribe, what: 'offsets' | 'members'): Promise<ToolRow[]> {
  const { bootstrap, group: groupId, protocol, report } = group
  const printed = await runJava(
    'java',
    [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'java', 'log4j2.properties')}`,
      '-cp',
      await classPath(report),
      programs[protocol],
      '--bootstrap-server',
      bootstrap,
      '--timeout',
      '60000',
      '--group',
      groupId,
      '--describe',
      `--${what}`
    ],
    `Kafka's tool could not describe group ${groupId}.`
  )
  return rowsOf(printed)
}

async function classPath(report: (message: string) => void): Promise<string> {
  const { name, version, jars } = await fetchKafka(report)
  const [tools, digest] = await Promise.all([pomProperty(pom, 'kafka.version'), digestOf([pom])])
  if (tools !== version) throw new Error(`${pom} names Kafka ${tools}, but the broker's jars are ${version}`)
  const folder = await cached({
    name: `${name}-tools-${digest}`,
    report,
    build: async (target) => {
      report(`fetching the tools of Kafka ${tools} with Maven; this happens once`)
      await fetchJars(pom, target, report)
    }
  })
  return `${folder}/*:${jars}/*`
}

/** Columns are separated by blanks; the line that begins with GROUP names them. */
function rowsOf(printed: string): ToolRow[] {
  const lines = printed.split('\n').map((line) => line.trim().split(/\s+/))
  const at = lines.findIndex(([first]) => first === 'GROUP')
  const headings = (lines[at] ?? []).map((heading) => heading.toLowerCase())
  return lines
    .slice(at + 1)
    .filter((cells) => at >= 0 && cells.length >= headings.length)
    .map((cells) => Object.fromEntries(headings.map((heading, column) => [heading, cells[column] ?? ''])))
}
