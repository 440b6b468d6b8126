import type { RowDataPacket } from 'mysql2/promise'
import { StreamsError } from '../../core/errors.ts'
import type { TableMapping } from '../tables/table-mapping.ts'
import type { Query } from './query.ts'

/**
 * Finds what would break the sink's promise without an error: a table that knows no transactions, an upsert that meets another
 * unique index than the key's, keys that the server takes for equal and we do not. Throws CONFIG_INVALID.
 */
export async function checkTable(query: Query, mapping: TableMapping<never, never>): Promise<void> {
  const fail = (problem: string): never => {
    throw new StreamsError('CONFIG_INVALID', `table ${mapping.table}: ${problem}`)
  }
  const parts = mapping.table.split('.')
  const place = [parts.length > 1 ? parts[0] : null, parts.at(-1)]
  const where = 'table_schema = COALESCE(?, DATABASE()) AND table_name = ?'

  const [table] = await query<RowDataPacket[]>(
    `SELECT e.transactions AS transactions FROM information_schema.tables AS t
     JOIN information_schema.engines AS e ON e.engine = t.engine WHERE ${where}`,
    place
  )
  if (table === undefined) return fail('it does not exist')
  if (table['transactions'] !== 'YES') fail('its engine knows no transactions')

  const indexes = await query<RowDataPacket[]>(
    `SELECT GROUP_CONCAT(column_name ORDER BY column_name SEPARATOR '\n') AS covered
     FROM information_schema.statistics WHERE ${where} AND non_unique = 0 GROUP BY index_name`,
    place
  )
  const wanted = [...mapping.key].sort().join('\n').toLowerCase()
  const found = indexes.map((index) => String(index['covered']).toLowerCase().split('\n').sort().join('\n'))
  if (!found.includes(wanted)) fail(`it has no unique index over ${mapping.key.join(', ')}`)
  if (found.some((columns) => columns !== wanted))
    fail('it has a second unique index, and an upsert would change the row that this one finds')

  const columns = await query<RowDataPacket[]>(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE ${where} AND column_name IN (?) AND collation_name NOT LIKE '%\\_bin'`,
    [...place, mapping.key]
  )
  for (const column of columns)
    fail(`key column ${column['name']} needs a collation that compares bytes, such as utf8mb4_bin`)
}
