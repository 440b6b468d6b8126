import { expect, it } from 'vitest'
import { deadLetterFigures } from '../../bin/figures.ts'
import { rejectedFiles } from '../../bin/replay/rejected-files.ts'
import { sinkDeadLetters } from '../../bin/retail-app.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import type { RejectedRow } from '../../processors/retail/model.ts'
import * as topics from '../../topology/retail/topics.ts'
import { RetailDriver } from '../retail/chunks.ts'

const rows = '1997-01-05,7,1,c,0,1,none,1\n1997-01-05,7,2,c,0,1,5,1\n1997-02-30,7,3,c,0,1,5,1\n'

/** What the graph tells of a file, of its correction, and of both again when it starts over. */
function brokersAfter(runs: number): MemoryClient {
  const broker = new MemoryBroker()
  broker.createTopicSync(sinkDeadLetters.name, 1)
  broker.createTopicSync(topics.rejectedRows.name, 1)
  const client = new MemoryClient(broker)
  const producer = client.producerSync({ clientId: 'test' })
  for (let run = 0; run < runs; run++) {
    const driver = new RetailDriver()
    driver.rows(rows)
    driver.rows(rows, { sign: -1 })
    driver.rows(rows.replace('none', '5'), { revision: 2, etag: 'f' })
    for (const { key, value } of driver.read(topics.rejectedRows)) {
      const bytes = Buffer.from(String(key))
      const { value: serde, name } = topics.rejectedRows
      producer.topicSync(name).append(0, bytes, 0, bytes.length, serde, value as RejectedRow, 5, [])
    }
    producer.flushSync()
    driver.close()
  }
  return client
}

it.each([1, 2, 3])(
  'rows that are rejected count once, however often the graph starts: %i times',
  async (runs) => {
    const kafka = brokersAfter(runs)
    const { rows: counts } = await deadLetterFigures(kafka, ['US'])
    expect([...counts]).toEqual([['US', { rows: 1, net: 50_000n }]])
    expect(await rejectedFiles(kafka, {})).toEqual([
      {
        file: 'sku-us/7/1997-01.csv',
        rows: 1,
        row: 3,
        reason: expect.stringContaining('1997-02-30'),
        text: '1997-02-30,7,3,c,0,1,5,1'
      }
    ])
    expect(await rejectedFiles(kafka, { reason: 'no such reason' })).toEqual([])
  }
)
