import { LocalServiceError } from './errors.ts'

export type ClientProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

export interface KafkaPlace {
  readonly dataFolder: string
  readonly clientPort: number
  readonly controllerPort: number
  /** Given for one node of several */
  readonly member?: ClusterMember
}

export interface ClusterMember {
  readonly nodeId: number
  readonly nodes: number
  /** `id@host:port` of every controller */
  readonly voters: string
  /** How clients of the first listener prove who they are */
  readonly clientProtocol: ClientProtocol
  /** A listener without TLS and SASL, for the brokers among themselves */
  readonly internalPort: number
}

/** A node that is broker and controller; three copies of everything, or as many as there are nodes. */
export function serverProperties(place: KafkaPlace, extra: Readonly<Record<string, string>>): string {
  const { member } = place
  const client = `CLIENT://127.0.0.1:${place.clientPort}`
  const brokers = member === undefined ? client : `${client},INTERNAL://127.0.0.1:${member.internalPort}`
  const copies = Math.min(member?.nodes ?? 1, 3)
  const inSync = String(Math.min(copies, 2))
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(member?.nodeId ?? 1),
    'controller.quorum.voters': member?.voters ?? `1@127.0.0.1:${place.controllerPort}`,
    listeners: `${brokers},CONTROLLER://127.0.0.1:${place.controllerPort}`,
    'advertised.listeners': brokers,
    'listener.security.protocol.map': `CLIENT:${member?.clientProtocol ?? 'PLAINTEXT'},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': member === undefined ? 'CLIENT' : 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': place.dataFolder,
    'num.partitions': '4',
    // a misspelt topic has to fail instead of coming into being
    'auto.create.topics.enable': 'false',
    'default.replication.factor': String(copies),
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': String(copies),
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': String(copies),
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': String(copies),
    'share.coordinator.state.topic.min.isr': inSync,
    // one member is started after the other: waiting for further ones would only cost time
    'group.initial.rebalance.delay.ms': '0',
    'group.streams.initial.rebalance.delay.ms': '0',
    'group.streams.assignment.interval.ms': '0',
    // failure tests ask for short sessions, in each of the group protocols
    'group.min.session.timeout.ms': '1000',
    'group.consumer.min.session.timeout.ms': '1000',
    'group.consumer.min.heartbeat.interval.ms': '200',
    'group.streams.min.session.timeout.ms': '1000',
    'group.streams.min.heartbeat.interval.ms': '200',
    'group.streams.min.task.offset.interval.ms': '200',
    'group.streams.heartbeat.interval.ms': '1000',
    // a killed broker may register again only when its old session has run out
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'num.network.threads': '2',
    'num.io.threads': '4',
    // an eighth of the default, which would take a quarter of the heap
    'log.cleaner.dedupe.buffer.size': '16777216',
    ...extra
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** Reads `key=value,key=value`; a comma inside a value is told by no `key=` following it. */
export function parseKafkaSettings(text: string): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const part of text.split(/,(?=\s*[\w.]+=)/)) {
    const separator = part.indexOf('=')
    const key = part.slice(0, separator).trim()
    if (separator < 0 || key === '') {
      throw new LocalServiceError(`KAFKA_SETTINGS holds "${part}"; it has to read key=value,key=value`)
    }
    settings[key] = part.slice(separator + 1).trim()
  }
  return settings
}
