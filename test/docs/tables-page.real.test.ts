import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { retailMigrations } from '../../sinks/retail/migrations/index.ts'
import { items, schemas } from '../sinks/postgres/schema-fixture.ts'

const schema = schemas()

it('names every table and view that there is, and no other', async () => {
  const { pool } = schema()
  await migrate(pool, retailMigrations)
  const { rows } = await pool.query<{ relname: string }>(
    `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND NOT relispartition AND relnamespace = current_schema()::regnamespace`
  )
  const made = rows
    .map(({ relname }) => relname)
    .filter((name) => !name.includes('migrations') && name !== items.table)
  const page = readFileSync('docs/tables.md', 'utf8')
  const listed = [...page.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name)
  const analyses = [...(/^## Analyses$([\s\S]*)/m.exec(page)?.[1] ?? '').matchAll(/`(\w+)`/g)].map(
    ([, name]) => name
  )
  expect([...listed, ...analyses].sort()).toEqual(made.sort())
})
