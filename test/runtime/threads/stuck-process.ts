import { setTimeout } from 'node:timers/promises'
import { integer, KafkaStreams, PlatformaticClient, StreamsBuilder } from '../../../index.ts'
import { wordTopics } from '../word-topics.ts'

/*
 * An application on the main thread whose first record blocks it for longer than it may be. Arguments: brokers, prefix, state directory, how long,
 * ms. Over IPC it tells its warnings, and ends gracefully when all is processed after that.
 */
const [brokers = '', prefix = '', stateDirectory = '', blockMs = ''] = process.argv.slice(2)
const tell = (text: string) => void process.send?.(text)
const { words, counts } = wordTopics(prefix)
let until = 0
const builder = new StreamsBuilder()
builder
  .stream(words)
  .peek(() => {
    if (until === 0) for (until = performance.now() + Number(blockMs); performance.now() < until; );
  })
  .groupByKey()
  .aggregate({ name: 'counts', initial: () => 0, add: (_word, count) => count + 1, value: integer() })
  .toStream()
  .to(counts)

const streams = new KafkaStreams(builder.build(), {
  applicationId: `${prefix}app`,
  kafka: new PlatformaticClient({ brokers: brokers.split(',') }),
  stateDirectory,
  processingGuarantee: 'exactly_once_v2',
  cacheMaxBytes: 0,
  maxPollIntervalMs: 1_000,
  heartbeatIntervalMs: 300,
  minFreeDiskBytes: 0,
  logger: { info: () => undefined, warn: tell, error: tell }
})
await streams.start()
do await setTimeout(200)
while (until === 0 || streams.state !== 'RUNNING' || (await streams.lag()).records > 0)
await streams.close({ leaveGroup: true })
process.disconnect()
