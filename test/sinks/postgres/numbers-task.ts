import { string } from '../../../core/serdes/string.ts'
import { topic } from '../../../core/topic.ts'
import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import { SinkTask } from '../../../runtime/sink-task.ts'
import { postgresSink } from '../../../sinks/postgres/postgres-sink.ts'

export interface NumbersTaskSettings {
  readonly brokers: readonly string[]
  readonly url: string
  readonly schema: string
  readonly topic: string
  readonly instanceId: string
}

/** Carries numbers into the table `numbers`, slowly. Silent for six seconds, it loses its place. */
export function numbersTask(settings: NumbersTaskSettings): SinkTask<string, string> {
  const { brokers, url, schema, topic: name, instanceId } = settings
  return new SinkTask({
    client: new PlatformaticClient({ brokers: [...brokers] }),
    groupId: `${name}-sink`,
    instanceId,
    sessionTimeoutMs: 6000,
    topics: [topic(name, { key: string(), value: string() })],
    batchRecords: 20,
    commitIntervalMs: 100,
    retryMs: { first: 50, most: 500 },
    sink: postgresSink<string, string>({
      name: 'numbers',
      connection: { connectionString: url, options: `-c search_path=${schema}` },
      timeouts: { idleMs: 2000 },
      tables: [
        {
          table: 'numbers',
          columns: { id: 'int', writes: 'int' },
          key: ['id'],
          row: (value) => ({ id: value, writes: 1 })
        }
      ]
    })
  })
}
