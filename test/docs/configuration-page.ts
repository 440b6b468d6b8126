import type { StreamsConfig } from '../../index.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { resolveConfig } from '../../runtime/config.ts'
import { type DocumentedMember, documentedInterface } from './documented-interface.ts'
import { markdownTable } from './markdown-table.ts'

/** What is shown of a setting. */
interface Setting {
  readonly key: string
  readonly defaultValue: string
  readonly unit: string
  readonly meaning: string
}

interface Section {
  readonly title: string
  readonly introduction: string
  readonly file: string
  readonly interface: string
}

const sections: readonly Section[] = [
  {
    title: 'An application: `StreamsConfig`',
    introduction:
      "Given to `new KafkaStreams(topology, config)`. In brackets: Kafka Streams' name, where it has one.",
    file: 'runtime/config.ts',
    interface: 'StreamsConfig'
  },
  {
    title: 'A topic: `TopicOptions`',
    introduction: 'Given to `topic(name, options)`, beside `key` and `value`, its serdes.',
    file: 'core/topic.ts',
    interface: 'TopicSettings'
  },
  {
    title: 'A sink task: `SinkTaskOptions`',
    introduction: 'Given to `new SinkTask(options)`.',
    file: 'runtime/sink-task.ts',
    interface: 'SinkTaskOptions'
  },
  {
    title: 'PostgreSQL: `PostgresSinkOptions`',
    introduction: 'Given to `postgresSink(options)`.',
    file: 'sinks/postgres/postgres-options.ts',
    interface: 'PostgresSinkOptions'
  },
  {
    title: 'MySQL and MariaDB: `MysqlSinkOptions`',
    introduction: 'Given to `mysqlSink(options)`.',
    file: 'sinks/mysql/mysql-options.ts',
    interface: 'MysqlSinkOptions'
  },
  {
    title: 'Elasticsearch: `ElasticsearchSinkOptions`',
    introduction: 'Given to `elasticsearchSink(options)`.',
    file: 'sinks/elasticsearch/elasticsearch-sink.ts',
    interface: 'ElasticsearchSinkOptions'
  },
  {
    title: 'The ingest: `IngestOptions`',
    introduction: 'Given to `new Ingest(options)`.',
    file: 'ingest/ingest.ts',
    interface: 'IngestOptions'
  },
  {
    title: 'A consumer: `ConsumerOptions`',
    introduction: 'Given to `client.consumer(options)`, for programs that read topics by themselves.',
    file: 'kafka/port/consumer.ts',
    interface: 'ConsumerOptions'
  },
  {
    title: 'A producer: `ProducerOptions`',
    introduction: 'Given to `client.producer(options)`.',
    file: 'kafka/port/producer.ts',
    interface: 'ProducerOptions'
  }
]

/** The page of all settings, made from their declarations. Throws for a setting that does not say what it means or what holds without it. */
export function configurationPage(): string {
  const parts = sections.map(({ title, introduction, file, interface: name }) => {
    const settings = documentedInterface(file, name).map((member) => settingOf(member, name))
    return `## ${title}\n\n${introduction} Declared in [\`${file}\`](../../${file}).\n\n${tableOf(settings)}`
  })
  return `# Configuration

Every setting, its default, its unit and what it means. This page is made from the declarations and the defaults in force
(\`npx vitest run test/docs/reference.test.ts -u\` writes it); a test keeps it equal to them. A setting without a default must be given.

${parts.join('\n\n')}
`
}

function settingOf({ name, optional, text }: DocumentedMember, owner: string): Setting {
  const said = /\bDefault(?: of|:)? (?<value>(?:[^.;]|\.(?=\S))+)(?:\.|;|$)/.exec(text)
  const inForce = owner === 'StreamsConfig' ? defaultsInForce.get(name) : undefined
  const defaultValue = inForce ?? said?.groups?.['value'] ?? (/the default/.test(text) ? 'see meaning' : '')
  if (optional && defaultValue === '' && !withoutDefault.has(name))
    throw new Error(`${owner}.${name} does not say its default`)
  const [, kafkaName, rest = text] = /^`([a-z.*]+)`[:.,] ?(.*)$/.exec(text) ?? []
  const meaning =
    rest
      .replace(said?.[0] ?? '\0', '')
      .replaceAll(/\s+/g, ' ')
      .trim() ||
    (selfExplanatory.get(name) ?? text)
  if (meaning === '') throw new Error(`${owner}.${name} has no docstring`)
  const known = kafkaName === undefined ? '' : ` (\`${kafkaName}\`)`
  return {
    key: `\`${name}\`${known}`,
    defaultValue: optional ? defaultValue.replace(/ ms$/, '') : 'must be given',
    unit: unitOf(name, text),
    meaning: capitalised(meaning)
  }
}

/** Left out, they do nothing. */
const withoutDefault = new Set([
  'clock',
  'logger',
  'onRestore',
  'onCommitPoint',
  'archive',
  'deadLetters',
  'part',
  'onConflict',
  'rack'
])

/** What their types say. */
const selfExplanatory: ReadonlyMap<string, string> = new Map([
  ['kafka', 'The brokers: a `PlatformaticClient`, or another `KafkaClient`.'],
  ['client', 'The brokers: a `PlatformaticClient`, or another `KafkaClient`.'],
  ['clock', "Where the time comes from. Without it: the system's."],
  ['logger', 'What is told to people. Without it: nothing.'],
  ['onRestore', 'Told about restoring its state, for progress bars.'],
  ['clientId', "Names this client in the brokers' logs and metrics."],
  ['instanceId', '`group.instance.id`: the name under which a restarted task finds its place again.'],
  ['topics', 'What is read.'],
  ['objectStore', 'Where the files are.'],
  ['buckets', 'Whose files they are: country, currency and time zone of each bucket.'],
  ['mappings', "The index's fields, as Elasticsearch names them."],
  ['name', 'Names the sink, in its messages and where it remembers what it has.'],
  ['isolation', '`isolation.level`: whether records of undecided transactions are read.'],
  ['commitIntervalMs', 'How often it commits.'],
  ['sessionTimeoutMs', 'How long the group keeps the place of a silent process.'],
  ['compression', '`compression.type`: none, gzip, snappy, lz4 or zstd.'],
  ['applicationId', 'Names the consumer group, and begins the names of its topics and of its state folder.']
])

/** What `StreamsConfig` becomes without a setting. */
const defaultsInForce = readDefaults()

function readDefaults(): ReadonlyMap<string, string> {
  const least: StreamsConfig = {
    applicationId: 'application',
    kafka: new MemoryClient(new MemoryBroker()),
    stateDirectory: 'state'
  }
  const spoken: Readonly<Record<string, string>> = {
    commitIntervalMs: `${number(resolveConfig(least).commitIntervalMs)}; ${number(resolveConfig({ ...least, processingGuarantee: 'exactly_once_v2' }).commitIntervalMs)} under exactly-once`,
    deadLetterTopic: '`<applicationId>-dead-letters`',
    topologyLock: 'not checked'
  }
  return new Map(
    Object.entries(resolveConfig(least)).flatMap(([name, value]): [string, string][] => {
      if (spoken[name] !== undefined) return [[name, spoken[name]]]
      if (typeof value === 'number') return [[name, number(value)]]
      if (typeof value === 'string') return [[name, `\`${value}\``]]
      if (Array.isArray(value) || name === 'clientTags') return [[name, 'none']]
      return []
    })
  )
}

function number(value: number): string {
  const mebi = value / 2 ** 20
  return value >= 2 ** 20 && Number.isInteger(mebi) ? `${mebi} MiB` : value.toLocaleString('en-GB')
}

function unitOf(name: string, text: string): string {
  if (/Ms$/.test(name)) return 'ms'
  if (/Bytes(PerPartition)?$/.test(name)) return 'bytes'
  if (/Records$|Lag$/.test(name) || /records\.?$/.test(text)) return 'records'
  if (/^(rowsPerStatement|copyFrom)$/.test(name)) return 'rows'
  return ''
}

function tableOf(settings: readonly Setting[]): string {
  const rows = settings.map(({ key, defaultValue, unit, meaning }) => [key, defaultValue, unit, meaning])
  return markdownTable(['key', 'default', 'unit', 'meaning'], rows)
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
