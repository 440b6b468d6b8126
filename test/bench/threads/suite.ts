import { PlatformaticClient } from '../../../index.ts'
import type { BenchCase, Suite } from '../case.ts'
import { plainBroker } from '../kafka/brokers.ts'
import { generateLines } from '../workload/generate.ts'
import type { ThreadsSettings } from './program.ts'

/** What a second thread brings: 4 partitions, a repartition topic and windows, exactly-once. */
export const threads: Suite = {
  title: 'Threads of one process over 8 tasks (rekey-aggregate, exactly-once)',
  async prepare(options) {
    const broker = await plainBroker(options)
    const { brokers } = broker
    const { records } = options
    const input = `lines-json-${records}`
    await generateLines(new PlatformaticClient({ brokers }), input, { format: 'json', records })
    const withThreads = (name: string, count: number, workers: boolean): BenchCase => {
      const settings: ThreadsSettings = { brokers, input, records, threads: count, workers }
      return { group: 'threads', name, program: 'threads', settings }
    }
    return {
      cases: [
        withThreads('the main thread', 1, false),
        withThreads('one worker thread', 1, true),
        withThreads('two worker threads', 2, true)
      ],
      close: () => broker.close()
    }
  }
}
