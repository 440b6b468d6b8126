import { describe, expect, it } from 'vitest'
import { hasCode } from '../../../core/errors.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { schemas } from './schema-fixture.ts'

describe('migrations', () => {
  const schema = schemas()
  const first = { id: '1', sql: 'CREATE TABLE one (id int); CREATE TABLE two (id int)' }
  const second = { id: '2', sql: 'ALTER TABLE one ADD name text' }

  it('are applied once each, by whoever comes first', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => migrate(schema().pool, [first])))
    expect(answers.flat()).toEqual(['1'])
    expect(await migrate(schema().pool, [first, second])).toEqual(['2'])
    expect(await migrate(schema().pool, [first, second])).toEqual([])
  })

  it('are all applied or none', async () => {
    await expect(migrate(schema().pool, [first, { id: '2', sql: 'nonsense' }])).rejects.toThrow(
      'syntax error'
    )
    expect(await migrate(schema().pool, [first])).toEqual(['1'])
  })

  it('do not change once applied', async () => {
    await migrate(schema().pool, [first])
    await expect(migrate(schema().pool, [{ ...first, sql: 'SELECT 1' }])).rejects.toSatisfy((e) =>
      hasCode(e, 'CONFIG_INVALID')
    )
  })
})
