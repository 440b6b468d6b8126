import { expect, it } from 'vitest'
import { type JsonLoggerOptions, json, jsonLogger } from '../../index.ts'

function logged(message: string, options: JsonLoggerOptions = {}): Record<string, unknown> {
  const lines: string[] = []
  const logger = jsonLogger({ ...options, destination: { write: (line) => void lines.push(line) } })
  logger.warn(message)
  return lines.length === 0 ? {} : (JSON.parse(lines[0] as string) as Record<string, unknown>)
}

it('writes JSON lines with a time, a level and fields', () => {
  const line = logged('task 0_1: restored', { fields: { application: 'retail' } })
  expect(line).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    application: 'retail',
    msg: 'task 0_1: restored'
  })
  expect(logged('quiet', { level: 'error' })).toEqual({})
})

it.each([
  ['postgres://me:hunter2@db:5432/x is away', 'postgres://me:[hidden]@db:5432/x is away'],
  ['Authorization: Bearer abc.def-1', 'Authorization: [hidden] [hidden]'],
  ['sasl password=hunter2, user=me', 'sasl password=[hidden], user=me'],
  ['{"token":"hunter2","user":"me"}', '{"token":[hidden],"user":"me"}'],
  ['secretAccessKey: hunter2', 'secretAccessKey: [hidden]'],
  ['http://s3/a?X-Amz-Signature=hunter2&x=1', 'http://s3/a?X-Amz-Signature=[hidden]&x=1'],
  ['tasks 0_0 and 0_1: 3 tokens of 7', 'tasks 0_0 and 0_1: 3 tokens of 7']
])('hides secrets: %s', (message, expected) => {
  const { msg } = logged(message)
  expect(msg).not.toMatch(/hunter2|abc\.def/)
  if (!message.startsWith('Authorization')) expect(msg).toBe(expected)
})

it.each([
  'no JSON',
  '{"name":"Ann Smith","card":',
  '{"a":"x" "Ann Smith"}',
  `{"a": Ann Smith ${'x'.repeat(200)}}`
])('leaves record contents out unless asked for them: %s', (text) => {
  const serde = json({ '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } })
  const bytes = Buffer.from(text)
  let message = ''
  try {
    serde.decode(bytes, 0, bytes.length)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toContain('not JSON')
  expect(logged(`words-0 at offset 3: ${message}`).msg).not.toMatch(/Ann|Smith|no JSON/)
  expect(logged(message, { recordContents: true }).msg).toBe(message)
})
