import {
  integer,
  keyValueStore,
  StreamsBuilder,
  type StreamThreadSetup,
  string,
  topic
} from '../../../index.ts'
import { MemoryBroker } from '../../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../../kafka/memory/memory-client.ts'

export const input = topic('in', { key: string(), value: integer(), partitions: 1 })
export const cacheMaxBytes = 1_000_000

const STORES = 10
/** What one of its entries counts in a store. */
const ENTRY_BYTES = 141

/** Changes 40 % of what the write buffers of the process hold in one callback, then 70 % in another. */
export function largeChangeGraph() {
  const builder = new StreamsBuilder()
  const stores = Array.from({ length: STORES }, (_, number) =>
    keyValueStore({ name: `store-${number}`, key: string(), value: string(), logged: false })
  )
  const [large] = stores as [(typeof stores)[number]]
  const parts = [0.4, 0.7]
  builder.stream(input).process(
    () => ({
      init(context) {
        const store = context.store(large)
        context.schedule(1, 'wall-clock', (time) => {
          const part = parts.shift()
          if (part === undefined) throw new Error('both changes were let through')
          for (let i = 0; i < (part * cacheMaxBytes) / ENTRY_BYTES; i++)
            store.put(`${i}`.padStart(4, '0'), 'x', time)
        })
      },
      process: () => undefined
    }),
    { stores }
  )
  return builder.build()
}

/** What worker threads call. Each has a broker of its own. */
export function streamThread(): StreamThreadSetup {
  const broker = new MemoryBroker()
  broker.createTopicSync(input.name, input.partitions)
  return { topology: largeChangeGraph(), config: { kafka: new MemoryClient(broker) } }
}
