import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorActions, hasCode, StreamsError } from '../../core/errors.ts'

it('docs/errors.md lists every code with its action, and no other', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| `([A-Z_]+)` *\| `([a-z-]+)` *\|/gm)].map(([, code, action]) => [
    code,
    action
  ])
  expect(listed).toEqual(Object.entries(errorActions))
})

it('an error knows its code, action and cause', () => {
  const cause = new Error('below')
  const error = new StreamsError('STORE_LOCKED', 'locked', cause)
  expect(error).toMatchObject({ name: 'StreamsError', code: 'STORE_LOCKED', action: 'retry', cause })
  expect([
    hasCode(error, 'STORE_LOCKED'),
    hasCode(error, 'STORE_CLOSED'),
    hasCode(cause, 'STORE_LOCKED')
  ]).toEqual([true, false, false])
})
