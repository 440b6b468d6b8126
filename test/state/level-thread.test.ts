import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import type { LevelRequest, LevelWorkerData, NumberedAnswer } from '../../state/engines/level-protocol.ts'
import { pack, unpack } from '../../state/engines/level-protocol.ts'
import { useLevelThread } from '../../state/engines/level-thread.ts'
import { withDirectory } from './directories.ts'

test('the worker answers calls one after the other, in their order, also those nobody waits for', () =>
  withDirectory(async (directory) => {
    const { port1, port2 } = new MessageChannel()
    const answered = new Int32Array(new SharedArrayBuffer(4))
    const workerData: LevelWorkerData = { port: port2, answered }
    const worker = new Worker(new URL('../../state/engines/level-worker.ts', import.meta.url), {
      workerData,
      transferList: [port2]
    })
    await once(worker, 'message')
    const answers: NumberedAnswer[] = []
    port1.on('message', (answer: NumberedAnswer) => answers.push(answer))
    const key = Buffer.from('key')
    const scan = { call: 'scan', directory, from: key, to: undefined, reverse: false, limit: 10 } as const
    const values = ['one', 'two', 'three']
    const requests: LevelRequest[] = [
      { call: 'open', directory, blockCacheBytes: 1 << 20, memtableBytes: 1 << 20 },
      ...values.flatMap((value): LevelRequest[] => [
        { call: 'write', directory, operations: pack([key, Buffer.from(value)]) },
        scan
      ]),
      { call: 'close', directory },
      scan
    ]
    requests.forEach((request, index) => {
      port1.postMessage({ number: index + 1, request })
    })
    await expect.poll(() => Atomics.load(answered, 0)).toBe(requests.length)
    await expect.poll(() => answers.length).toBe(requests.length)
    expect(answers.map(({ number }) => number)).toEqual(requests.map((_, index) => index + 1))
    const scanned = answers.flatMap(({ answer: { rows } }) => (rows === undefined ? [] : [unpack(rows)]))
    expect(scanned.map(([, value]) => String(value))).toEqual(values)
    expect(answers.at(-1)?.answer.error?.message).toContain('not open')
    await worker.terminate()
    port1.close()
  }))

test('a thread that has ended refuses calls at once, and stores opened later get another', async () => {
  const first = useLevelThread()
  expect(useLevelThread()).toBe(first)
  await first.ready
  await first.release()
  expect(() => first.call({ call: 'close', directory: 'none' })).not.toThrow()
  await first.release()
  expect(first.ended).toBe(true)
  expect(() => first.call({ call: 'close', directory: 'none' })).toThrow('the storage thread has ended')
  const second = useLevelThread()
  expect(second).not.toBe(first)
  await second.ready
  expect(second.call({ call: 'close', directory: 'none' })).toEqual({})
  await second.release()
})
