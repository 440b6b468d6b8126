import { describe, expect, it } from 'vitest'
import { noHeaders } from '../../core/record.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { sleep, workspaces } from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'

const count = 200_000
const partitions = 4
const recordBytes = 180

/** Prints what it cost; only what arrives is judged, because machines differ. */
describe('throughput over platformatic', { timeout: 60_000 }, () => {
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: realBrokers() }),
    close: async () => {}
  }))

  it(`writes and reads ${count} records of ${recordBytes} B`, async () => {
    const space = workspace()
    const topic = await space.topic(partitions)
    const producer = await space.producer()
    const target = await producer.topic(topic)
    const raw = bytes()
    const key = Buffer.from('key-12345')
    const value = Buffer.alloc(recordBytes - key.length, 'x')
    const writing = cpu()
    for (let i = 0; i < count; i++) {
      if (!producer.hasRoom()) await producer.room()
      value.writeUInt32BE(i, 0)
      target.append(i % partitions, key, 0, key.length, raw, value, 1_700_000_000_000 + i, noHeaders)
      // as the runtime does after each slice
      if (i % 10_000 === 0) await sleep(0)
    }
    await producer.flush()
    console.log(`append and produce: ${((cpu() - writing) / count).toFixed(2)} µs CPU a record`)

    const consumer = space.consumer()
    consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })))
    const cursor = new RecordCursor()
    const last = Array.from({ length: partitions }, (_, partition) => partition - partitions)
    let seen = 0
    let inOrder = true
    const reading = cpu()
    const end = Date.now() + 30_000
    while (seen < count && Date.now() < end) {
      await consumer.arrival(1_000)
      for (const { partition, batches } of consumer.take()) {
        cursor.open(batches)
        while (cursor.next()) {
          const number = cursor.buffer.readUInt32BE(cursor.valueStart)
          if (number !== (last[partition] as number) + partitions) inOrder = false
          last[partition] = number
          seen++
        }
      }
    }
    console.log(`fetch and walk: ${((cpu() - reading) / count).toFixed(2)} µs CPU a record`)
    expect(seen).toBe(count)
    expect(inOrder).toBe(true)
  })
})

/** Of this process, µs. */
function cpu(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
