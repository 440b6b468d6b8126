import pg from 'pg'
import { noHeaders } from '../../../core/record.ts'
import { arrayLiterals, elementEncoder } from '../../../sinks/postgres/array-literal.ts'
import { copyIn, copyLines } from '../../../sinks/postgres/copy-in.ts'
import { tableStatements } from '../../../sinks/postgres/table-statements.ts'
import { lineItemsTable } from '../../../sinks/retail/tables.ts'
import { lastOfEachRow, type RowChange, RowChanges } from '../../../sinks/tables/row-changes.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { lineItem, lineItemKey } from './records.ts'
import { withSchema } from './schema.ts'

export interface PostgresLimitSettings {
  readonly url: string
  readonly rows: number
  readonly by: 'unnest' | 'copy'
  readonly batch: number
}

/** Rows that are ready to be sent, and nothing but sending them: one transaction a batch, one connection. */
export function postgresLimit({ url, rows, by, batch }: PostgresLimitSettings): Promise<Figures> {
  return withSchema(url, rows, async (connection) => {
    const client = new pg.Client(connection)
    await client.connect()
    const send = sends(client, by, rows, batch)
    const cost = new Cost()
    for (const one of send) {
      await client.query('BEGIN')
      await one()
      await client.query('COMMIT')
    }
    const figures = cost.of(rows)
    const { rows: found } = await client.query('SELECT count(*)::int AS n FROM line_items')
    if (found[0].n !== rows) throw new Error(`${found[0].n} rows are there, not ${rows}`)
    await client.end()
    return { rowsPerSecond: 1e6 / (figures['seconds/M'] as number), ...figures }
  })
}

type Send = () => Promise<unknown>

function sends(client: pg.Client, by: 'unnest' | 'copy', rows: number, batch: number): Send[] {
  const { incoming, upsert } = tableStatements(lineItemsTable)
  const changes = new RowChanges(lineItemsTable, elementEncoder)
  const all: Send[] = []
  for (let from = 0; from < rows; from += batch) {
    const numbers = Array.from({ length: Math.min(batch, rows - from) }, (_, i) => from + i)
    const some = lastOfEachRow(numbers.map((i) => changeOf(changes, i)))
    if (by === 'unnest') {
      const parameters = arrayLiterals(some)
      all.push(() => client.query(upsert, parameters))
      continue
    }
    const bytes = copyLines(some)
    all.push(async () => {
      await client.query(incoming.prepare)
      await copyIn(client, incoming.copy, bytes)
      await client.query(incoming.upsert)
    })
  }
  return all
}

function changeOf(
  changes: RowChanges<string, ReturnType<typeof lineItem>>,
  offset: number
): RowChange | null {
  const value = lineItem(offset)
  const key = lineItemKey(value)
  return changes.of({
    topic: '',
    partition: 0,
    offset,
    key,
    value,
    timestamp: 0,
    headers: noHeaders
  })
}
