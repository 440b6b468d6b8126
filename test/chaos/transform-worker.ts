import { StreamsError } from '../../core/errors.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { AtLeastOnceOutlet, ExactlyOnceOutlet } from './outlets.ts'
import { Transformer } from './transformer.ts'
import type { Notice, Order, WorkerSettings } from './worker-protocol.ts'

/*
 * Consume, transform, produce, in a process of its own that is killed again and again. Its settings are its one argument, in JSON; orders come
 * and notices go over IPC.
 */
const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings
const client = new PlatformaticClient({ brokers: settings.brokers.split(',') })
const tell = (notice: Notice): void => void process.send?.(notice)

const outlet =
  settings.guarantee === 'exactly-once'
    ? new ExactlyOnceOutlet(client, settings)
    : new AtLeastOnceOutlet(client, settings)
const transformer = new Transformer(client, outlet, settings, tell)
process.on('message', (order: Order) => transformer.order(order))
// without a driver there is nobody to kill it
process.on('disconnect', () => process.exit(1))

try {
  await transformer.run()
  process.exit(0)
} catch (error) {
  const code = error instanceof StreamsError ? error.code : 'UNEXPECTED'
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`${new Date().toISOString()} ${text}\n`)
  const message = error instanceof Error ? error.message : String(error)
  // exit waits for nothing, so the notice has to be on its way first
  process.send?.({ notice: 'failed', code, message } satisfies Notice, () => process.exit(2))
}
