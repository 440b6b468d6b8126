import type { Figures } from './case.ts'

/** Runs in a child process. The settings are those of the case. */
type Program = (settings: never) => Promise<Figures>

/** Loaded one by one, so that no program pays for the libraries of another. */
const programs: Readonly<Record<string, () => Promise<Program>>> = {
  'consume-ours': async () => (await import('./kafka/consume-ours.ts')).consumeOurs,
  'consume-platformatic': async () => (await import('./kafka/platformatic-clients.ts')).consumePlatformatic,
  'consume-kafkajs': async () => (await import('./kafka/kafkajs-clients.ts')).consumeKafkaJs,
  'produce-ours': async () => (await import('./kafka/produce-ours.ts')).produceOurs,
  'produce-platformatic': async () => (await import('./kafka/platformatic-clients.ts')).producePlatformatic,
  'produce-kafkajs': async () => (await import('./kafka/kafkajs-clients.ts')).produceKafkaJs,
  transactions: async () => (await import('./kafka/transactions.ts')).transactions,
  memory: async () => (await import('./kafka/memory.ts')).memory,
  state: async () => (await import('./state/program.ts')).stateProgram,
  'read-files': async () => (await import('./ingest/read-files.ts')).readFiles,
  stage: async () => (await import('./ingest/stages.ts')).runStage,
  'parse-csv': async () => (await import('./ingest/parse-csv.ts')).parseCsv,
  'postgres-limit': async () => (await import('./sinks/postgres-limit.ts')).postgresLimit,
  'elasticsearch-limit': async () => (await import('./sinks/elasticsearch-limit.ts')).elasticsearchLimit,
  'through-task': async () => (await import('./sinks/through-task.ts')).throughTask,
  'look-ahead': async () => (await import('./state/look-ahead-program.ts')).lookAheadProgram,
  metrics: async () => (await import('./metrics/suite.ts')).metricsProgram,
  threads: async () => (await import('./threads/program.ts')).threadsProgram,
  'scale-out': async () => (await import('./replicas/scale-out.ts')).scaleOut,
  failover: async () => (await import('./replicas/failover.ts')).failover,
  throughput: async () => (await import('./replicas/throughput.ts')).throughput,
  assignor: async () => (await import('./replicas/assignor.ts')).assignor,
  task: async () => (await import('./operators/task-program.ts')).taskProgram,
  serde: async () => (await import('./serdes/serde-program.ts')).serdeProgram,
  types: async () => (await import('./types/suite.ts')).typeGrowth
}

/** Runs one program and prints its figures as the last line. */
export async function runProgram(name: string, settings: string): Promise<void> {
  const load = programs[name]
  if (load === undefined) throw new Error(`there is no program '${name}'`)
  const run = await load()
  const figures = await run(JSON.parse(settings) as never)
  process.stdout.write(`\n${JSON.stringify(figures)}\n`, () => process.exit(0))
}
