import { expect, it } from 'vitest'
import { isFencedEnd, tellsOfFencing } from './replicas-zombie.ts'

it.each([
  [
    'producer 1001 with epoch 103 was fenced; making the tasks anew from their last commit in 61 ms',
    true,
    false
  ],
  ["ended: GROUP_FENCED group 'app': another process took its place", true, true],
  ['ended: PRODUCER_FENCED producer 1001 was fenced\n    at run', true, true],
  ["ended: TypeError Cannot read properties of undefined (reading 'x')", false, false],
  ['ended: STORE_CORRUPT a block has a wrong checksum', false, false],
  ['ended: Error GROUP_FENCED is only in the message', false, false],
  ['app stopped: Cannot read properties of undefined', false, false],
  ['exit SIGSEGV', false, false]
])('%s', (words, told, end) => {
  expect(tellsOfFencing(words)).toBe(told)
  expect(isFencedEnd(words)).toBe(end)
})
