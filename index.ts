// what every application uses

export { type ByteTarget, GrowableBytes, noBytes } from './core/bytes.ts'
export { type Clock, systemClock } from './core/clock.ts'
export { type ErrorAction, type ErrorCode, errorActions, hasCode, StreamsError } from './core/errors.ts'
export { type Logger, silentLogger } from './core/logger.ts'
export {
  type Header,
  type Headers,
  headerText,
  noHeaders,
  partitionName,
  type StreamRecord,
  type TopicPartition,
  textHeader
} from './core/record.ts'
export type { Serde } from './core/serde.ts'
export { bytes } from './core/serdes/bytes.ts'
export { integer } from './core/serdes/integer.ts'
export { json } from './core/serdes/json.ts'
export { string } from './core/serdes/string.ts'
export { sessionWindowed, timeWindowed } from './core/serdes/windowed.ts'
export { type Topic, type TopicOptions, topic } from './core/topic.ts'
export { JoinWindows, SessionWindows, SlidingWindows, TimeWindows, type Windowed } from './core/windows.ts'
export { MetricsServer } from './http/metrics-server.ts'
export { partitionForKey } from './kafka/batch/murmur2.ts'
export { RecordCursor } from './kafka/batch/record-cursor.ts'
// Kafka
export { PlatformaticClient } from './kafka/platformatic/client.ts'
export { mskIam } from './kafka/platformatic/msk-iam.ts'
export type { Admin, NewTopic, TopicDescription } from './kafka/port/admin.ts'
export type { KafkaClient } from './kafka/port/client.ts'
export type { Consumer, ConsumerOptions } from './kafka/port/consumer.ts'
export type { GroupMember, GroupOffset } from './kafka/port/group.ts'
export type { KafkaMetrics } from './kafka/port/metrics.ts'
export type { Producer, ProducerOptions, ProducerTopic } from './kafka/port/producer.ts'
// the graph
export type { Processor, ProcessorContext } from './processors/process.ts'
// running it
export type { RestoreProgress, StreamsConfig } from './runtime/config.ts'
export { KafkaStreams, type StreamsLag, type StreamsState } from './runtime/kafka-streams.ts'
export { type ResetOptions, resetApplication } from './runtime/reset-application.ts'
// taking results outside
export { type SinkProgress, SinkTask, type SinkTaskOptions } from './runtime/sink-task.ts'
export { type ElasticsearchSinkOptions, elasticsearchSink } from './sinks/elasticsearch/elasticsearch-sink.ts'
export { type SwapAliasesOptions, swapAliases } from './sinks/elasticsearch/indices.ts'
export type { MysqlSinkOptions } from './sinks/mysql/mysql-options.ts'
export { mysqlSink } from './sinks/mysql/mysql-sink.ts'
export { type Migration, migrate } from './sinks/postgres/migrate.ts'
export type { PostgresSinkOptions } from './sinks/postgres/postgres-options.ts'
export { postgresSink } from './sinks/postgres/postgres-sink.ts'
export type { Rejection, Sink, SinkBatch, SinkRecord } from './sinks/sink.ts'
export type { TableMapping } from './sinks/tables/table-mapping.ts'
export type { KeyValueStore, ReadOnlyKeyValueStore } from './state/key-value-store.ts'
export type { ReadOnlySessionStore, SessionStore } from './state/session-store.ts'
export type { ReadOnlyVersionedStore, VersionedStore, VersionedValue } from './state/versioned-store.ts'
export type { ReadOnlyWindowStore, WindowStore } from './state/window-store.ts'
export type {
  BranchedKStream,
  CogroupedKStream,
  KGroupedStream,
  KGroupedTable,
  KStream,
  KTable,
  SessionWindowedKStream,
  TimeWindowedKStream
} from './topology/dsl.ts'
export type { GlobalKTable } from './topology/global-k-table.ts'
export type { TimestampExtractor } from './topology/graph-node.ts'
export {
  keyValueStore,
  type ProcessorStoreOptions,
  sessionStore,
  versionedKeyValueStore,
  windowStore
} from './topology/stores.ts'
export { StreamsBuilder } from './topology/streams-builder.ts'
export {
  type BufferBounds,
  type Suppressed,
  untilTimeLimit,
  untilWindowCloses
} from './topology/suppressed.ts'
export { Topology } from './topology/topology.ts'
