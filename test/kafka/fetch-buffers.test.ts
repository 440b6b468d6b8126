import { expect, it } from 'vitest'
import { FetchBuffers, FetchLease, type HeldBytes } from '../../kafka/platformatic/fetch-buffers.ts'

const mebibyte = 1024 * 1024
const parts = 4

/** An answer whose parts are a mebibyte each, filled with their numbers. */
function answer(buffers: FetchBuffers, first: number): HeldBytes[] {
  const bytes = buffers.take(parts * mebibyte)
  const lease = new FetchLease(bytes, buffers)
  const held = Array.from({ length: parts }, (_, part) => {
    bytes.fill(first + part, part * mebibyte, (part + 1) * mebibyte)
    return lease.hold(part * mebibyte, (part + 1) * mebibyte)
  })
  lease.release()
  return held
}

const isFilled = ({ bytes, start, end }: HeldBytes, value: number) =>
  end - start === mebibyte && bytes.subarray(start, end).equals(Buffer.alloc(mebibyte, value))

it('partitions that are read late do not keep what others have released', () => {
  const buffers = new FetchBuffers()
  const late: HeldBytes[] = []
  for (let round = 0; round < 50; round++) {
    const [first, ...others] = answer(buffers, round)
    late.push(first!)
    for (const [part, other] of others.entries()) {
      expect(isFilled(other, round + part + 1)).toBe(true)
      other.release()
      other.release()
    }
  }
  const kept = new Set(late.map(({ bytes }) => bytes.buffer))
  const size = [...kept].reduce((sum, { byteLength }) => sum + byteLength, 0)
  expect(size).toBeLessThanOrEqual((2 * late.length + 16 + parts) * mebibyte)
  for (const [round, one] of late.entries()) expect(isFilled(one, round)).toBe(true)

  // all of it comes back, and is used again
  for (const one of late) one.release()
  const again = Array.from({ length: 8 }, () => buffers.take(parts * mebibyte).buffer)
  expect(again.filter((buffer) => kept.has(buffer)).length).toBeGreaterThan(4)
})

it('a buffer is used again by what fills half of it at least', () => {
  const buffers = new FetchBuffers()
  const [large, small] = [buffers.take(3 * mebibyte), buffers.take(mebibyte)]
  buffers.give(large)
  buffers.give(small)
  expect(buffers.take(mebibyte - 7).buffer).toBe(small.buffer)
  expect(buffers.take(mebibyte).buffer).not.toBe(large.buffer)
  expect(buffers.take(2 * mebibyte).buffer).toBe(large.buffer)
})
