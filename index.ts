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
export { float64 } from './core/serdes/float64.ts'
export { int16 } from './core/serdes/int16.ts'
export { int32 } from './core/serdes/int32.ts'
export { int64 } from './core/serdes/int64.ts'
export { integer } from './core/serdes/integer.ts'
export { json } from './core/serdes/json.ts'
export { string } from './core/serdes/string.ts'
export { uuid } from './core/serdes/uuid.ts'
export { sessionWindowed, timeWindowed } from './core/serdes/windowed.ts'
export { type Topic, type TopicOptions, topic } from './core/topic.ts'
export { JoinWindows, SessionWindows, SlidingWindows, TimeWindows, type Windowed } from './core/windows.ts'
export type { Access, MutualTls } from './http/access.ts'
export { ApplicationServer, type ApplicationServerOptions } from './http/application-server.ts'
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
export type { Processor, ProcessorContext, ProcessorRecord } from './processors/process.ts'
export type { FixedKey, FixedKeyProcessor } from './processors/process-values.ts'
// running it
export type { StreamsLag } from './runtime/application-lag.ts'
export type { RestoreProgress, StreamsConfig } from './runtime/config.ts'
export { type CloseOptions, KafkaStreams, type StreamsState } from './runtime/kafka-streams.ts'
export { type JsonLoggerOptions, jsonLogger } from './runtime/logs/json-logger.ts'
export type { ClientMetadata, KeyQueryMetadata } from './runtime/membership/client-metadata.ts'
export { kafkaClientMetrics } from './runtime/metrics/kafka-client-metrics.ts'
export { SinkMetrics } from './runtime/metrics/sink-metrics.ts'
export {
  planReset,
  type ResetOptions,
  type ResetPlan,
  resetApplication
} from './runtime/reset-application.ts'
// taking results outside
export { type SinkProgress, SinkTask, type SinkTaskOptions } from './runtime/sink-task.ts'
export { type DeadLetter, readDeadLetter } from './runtime/task/dead-letter.ts'
export type {
  DeadLetterChanges,
  DeserializationExceptionHandler,
  ErrorHandlerContext,
  ErrorResponse,
  ProcessingExceptionHandler,
  ProductionExceptionHandler,
  UnwrittenRecord
} from './runtime/task/error-handlers.ts'
export type { TaskRole, TaskStatus, ThreadTask } from './runtime/task-status.ts'
export type { ThreadModule } from './runtime/threads/thread-module.ts'
export type { StreamThreadFactory, StreamThreadSetup } from './runtime/threads/thread-setup.ts'
export type { UncaughtExceptionHandler, UncaughtResponse } from './runtime/threads/uncaught.ts'
export type { Span, SpanContext, SpanOptions, Tracer } from './runtime/tracing.ts'
export { sinkByTopic } from './sinks/by-topic.ts'
export { type ElasticsearchSinkOptions, elasticsearchSink } from './sinks/elasticsearch/elasticsearch-sink.ts'
export { type SwapAliasesOptions, swapAliases } from './sinks/elasticsearch/indices.ts'
export type { MysqlSinkOptions } from './sinks/mysql/mysql-options.ts'
export { mysqlSink } from './sinks/mysql/mysql-sink.ts'
export type { ObjectBucket } from './sinks/object-store/object-bucket.ts'
export type { ParquetColumns, ParquetRow, ParquetType } from './sinks/object-store/parquet-file.ts'
export {
  type ParquetSinkOptions,
  parquetSink,
  type RangeManifest
} from './sinks/object-store/parquet-sink.ts'
export { type Migration, migrate } from './sinks/postgres/migrate.ts'
export type { PostgresSinkOptions } from './sinks/postgres/postgres-options.ts'
export { postgresSink } from './sinks/postgres/postgres-sink.ts'
export type { Rejection, Sink, SinkBatch, SinkRecord } from './sinks/sink.ts'
export type { TableMapping } from './sinks/tables/table-mapping.ts'
export type { KeyValueStore, ReadOnlyKeyValueStore } from './state/key-value-store.ts'
export type { ReadOnlySessionStore, SessionStore } from './state/session-store.ts'
export type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  VersionedStoreDefinition,
  WindowStoreDefinition
} from './state/store-definition.ts'
export type { ReadOnlyVersionedStore, VersionedStore, VersionedValue } from './state/versioned-store.ts'
export type { ReadOnlyWindowStore, WindowStore } from './state/window-store.ts'
export type {
  DescribedGlobalStore,
  DescribedNode,
  DescribedProcessor,
  DescribedSink,
  DescribedSource,
  DescribedStore,
  DescribedSubTopology,
  DescribedTopology
} from './topology/described.ts'
export type { TopologyDescription } from './topology/description.ts'
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
export { lockTopology, type TopologyLock } from './topology/lock.ts'
export { diffTopologyLocks, needsReset, type TopologyChange } from './topology/lock-diff.ts'
export { lockText, readTopologyLock } from './topology/lock-file.ts'
export type { Optimization, Side, StreamsBuilderOptions } from './topology/options.ts'
export { storeOf } from './topology/store-of.ts'
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
