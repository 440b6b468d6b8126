import { expect, it } from 'vitest'
import { KeptNumbers } from '../../runtime/task/kept-numbers.ts'
import { decodeOffsetMetadata, encodeOffsetMetadata } from '../../runtime/task/offset-metadata.ts'

const none = new Map<string, number>()
const base64 = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('base64')

it.each([
  ['a time', 1_700_000_000_000, [], '02 0000018bcfe56800'],
  ['no time', -1, [], '02 ffffffffffffffff'],
  [
    'a window store that has emitted',
    1_700_000_000_123,
    [['sku-days', 1_699_999_999_950]],
    '02 0000018bcfe5687b 00000001 00000008 736b752d64617973 0000018bcfe567ce'
  ],
  [
    'two stores, one with a name beyond ASCII',
    7,
    [
      ['a', 5],
      ['läden', 2 ** 40]
    ],
    '02 0000000000000007 00000002 00000001 61 0000000000000005 00000006 6cc3a464656e 0000010000000000'
  ]
] as const)('is written and read in Kafka Streams’ form: %s', (_what, partitionTime, entries, hex) => {
  const kept = new Map<string, number>(entries)
  expect(encodeOffsetMetadata({ partitionTime, kept })).toBe(base64(hex))
  expect(decodeOffsetMetadata(base64(hex))).toEqual({ partitionTime, kept })
})

// printed by TopicPartitionMetadata.encode of Kafka Streams 4.4.0; its map goes by hash
it.each([
  ['AgAAAAAAAAAH', 7, {}],
  ['AgAAAYvP5Wh7AAAAAQAAAAhza3UtZGF5cwAAAYvP5WfO', 1_700_000_000_123, { 'sku-days': 1_699_999_999_950 }],
  [
    'Av//////////AAAAAwAAAAFhAAAAAAAAAAUAAAAIc2t1LWRheXMAAAAAAAAABwAAAAZsw6RkZW4AAAEAAAAAAA==',
    -1,
    { a: 5, 'sku-days': 7, läden: 2 ** 40 }
  ]
] as const)('reads and writes what Java does', (text, partitionTime, kept) => {
  const metadata = { partitionTime, kept: new Map<string, number>(Object.entries(kept)) }
  expect(decodeOffsetMetadata(text)).toEqual(metadata)
  expect(encodeOffsetMetadata(metadata)).toBe(text)
})

it('takes from other and damaged forms what it can', () => {
  expect(decodeOffsetMetadata('')).toEqual({ partitionTime: -1, kept: none })
  expect(decodeOffsetMetadata('set by hand')).toEqual({ partitionTime: -1, kept: none })
  expect(decodeOffsetMetadata(base64('03 0000000000000007'))).toEqual({ partitionTime: -1, kept: none })
  // version 1 knew the time alone
  expect(decodeOffsetMetadata(base64('01 0000000000000007'))).toEqual({ partitionTime: 7, kept: none })
  const whole = '02 0000000000000007 00000002 00000001 61 0000000000000005 00000001 62 0000000000000006'
  const bytes = Buffer.from(whole.replaceAll(' ', ''), 'hex')
  for (let length = 9; length < bytes.length; length++) {
    const { partitionTime, kept } = decodeOffsetMetadata(bytes.subarray(0, length).toString('base64'))
    expect(partitionTime).toBe(7)
    expect(kept).toEqual(new Map(length < 26 ? [] : [['a', 5]]))
  }
  const negative = '02 0000000000000007 00000001 ffffffff 61 0000000000000005'
  expect(decodeOffsetMetadata(base64(negative))).toEqual({ partitionTime: 7, kept: none })
})

it('merges what the inputs say to the highest', () => {
  const kept = new KeptNumbers()
  kept.restore(new Map([['w', 5]]))
  kept.restore(new Map([['w', 9]]))
  kept.restore(new Map([['w', 7]]))
  expect(kept.keep('w', () => 11)).toBe(9)
  expect(kept.keep('other', () => -1)).toBe(-1)
  // what was never emitted is not written
  expect(kept.current()).toEqual(new Map([['w', 11]]))
})

it('keeps a step’s time only where it is not the task’s, and none where they do not fit', () => {
  let streamTime = -1
  const usual = () => streamTime
  const before = new KeptNumbers()
  let behind = 40
  expect(before.keepTime('filtered', () => behind, usual)).toBe(-1)
  before.keepTime('all', () => 50, usual)
  before.keepTime('filtered', () => 30, usual)
  streamTime = 50
  const written = before.current()
  expect(written).toEqual(
    new Map([
      ['filtered:time', 40],
      ['filtered:time2', 30]
    ])
  )
  const after = new KeptNumbers()
  after.restore(written)
  expect(after.keepTime('filtered', () => 0, usual)).toBe(40)
  expect(after.keepTime('all', () => 0, usual)).toBe(50)
  expect(after.keepTime('filtered', () => 0, usual)).toBe(30)
  behind = 50
  expect(before.current()).toEqual(new Map([['filtered:time2', 30]]))

  const many = new KeptNumbers()
  many.keep('w', () => 1)
  for (let n = 0; n < 100; n++)
    many.keepTime(
      `a-store-with-a-long-name-${n}`,
      () => n,
      () => 1000
    )
  expect(many.current()).toEqual(new Map([['w', 1]]))
  expect(encodeOffsetMetadata({ partitionTime: 1, kept: many.current() }).length).toBeLessThan(4096)
})
