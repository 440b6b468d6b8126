import { expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { CommittedState } from '../../state/committed-state.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { decodeMetadata, encodeMetadata, type Metadata, metadataKey } from '../../state/metadata.ts'

const metadata: Metadata = {
  identity: '00112233445566778899aabbccddeeff',
  checkpoint: { offset: 2 ** 40, topicId: 'ünïque' },
  observedStreamTime: 5,
  sequence: -2,
  writtenAt: 1_700_000_000_000,
  closedCleanly: true,
  segmentMs: undefined
}

test.each([
  metadata,
  { ...metadata, checkpoint: undefined, closedCleanly: false },
  { ...metadata, segmentMs: 43_200_000 },
  { ...metadata, segmentMs: 60_000, checkpoint: { offset: 7, topicId: 't', partitionOffsets: [3, 4] } },
  { ...metadata, checkpoint: { offset: 7, topicId: 't', partitionOffsets: [3, 4] } }
])('metadata come back as they were written', (written) => {
  expect(decodeMetadata('names', 'level', encodeMetadata('level', written))).toStrictEqual(written)
})

test('a store keeps its identity until it is emptied', () => {
  const engine = new MemoryEngine('names')
  const open = () => new CommittedState('names', engine, true, new ManualClock(1))
  const identity = () => {
    const stored = engine.getSync(metadataKey)
    return stored === undefined ? undefined : decodeMetadata('names', 'memory', stored).identity
  }
  const state = open()
  expect(identity()).toBeUndefined()
  state.write([], { offset: 1, topicId: 't' })
  const first = identity()
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  open().write([], { offset: 2, topicId: 't' })
  expect(identity()).toBe(first)
  const again = open()
  again.wipe()
  again.write([], { offset: 3, topicId: 't' })
  expect(identity()).not.toBe(first)
})
