import { noHeaders } from '../../core/record.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import type { KafkaClient } from '../../kafka/port/client.ts'

const raw = bytes()

export const partitions = 4

/** Makes the topics, and writes records numbered from 0 over the input's partitions. */
export async function writeNumbers(
  client: KafkaClient,
  input: string,
  output: string,
  records: number,
  onProgress: (written: number) => void
): Promise<void> {
  const admin = client.admin('chaos-input')
  await admin.createTopics([input, output].map((name) => ({ name, partitions, configs: {} })))
  await admin.close()
  const producer = await client.producer({ clientId: 'chaos-input' })
  const target = await producer.topic(input)
  for (let n = 0; n < records; n++) {
    const key = Buffer.from(`key-${n % 997}`)
    const value = Buffer.from(JSON.stringify({ n, text: `record number ${n} of ${records}` }))
    target.append(n % partitions, key, 0, key.length, raw, value, Date.now(), noHeaders)
    if (n % 1_000 === 0) {
      onProgress(n)
      // the loop would keep the event loop from sending
      if (!producer.hasRoom()) await producer.room()
      else await new Promise(setImmediate)
    }
  }
  await producer.flush()
  await producer.close()
  onProgress(records)
}
