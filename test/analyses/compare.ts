import type { ClientBase } from 'pg'
import type { Analysis } from './analyses.ts'

export interface Comparison {
  /** Rows that are here or there. */
  readonly compared: number
  readonly equal: number
  /** Of what was expected, rows that were not so at the last comparison of this analysis. */
  readonly changed: number
  /** Some rows that differ, as JSON. */
  readonly differences: readonly string[]
}

const shownDifferences = 3
/** Doubles are rounded in another order here and there; all else is equal to the last digit. */
const tolerance = 1e-9

/** Holds what an analysis shows against what it should. Keeps what was expected in a temporary table for the next time. */
export async function compare(client: ClientBase, analysis: Analysis): Promise<Comparison> {
  const { key, columns, table, query } = analysis
  const names = Object.keys(columns)
  const expected = `expected_${analysis.name.replaceAll(/[^a-z]/g, '_')}`
  const before = `${expected}_before`
  await client.query(`DROP TABLE IF EXISTS ${before}`)
  await client.query(`CREATE TEMP TABLE IF NOT EXISTS ${expected} AS SELECT * FROM (${query}) none LIMIT 0`)
  await client.query(`ALTER TABLE ${expected} RENAME TO ${before}`)
  await client.query(`CREATE TEMP TABLE ${expected} AS ${query}`)
  const sameKey = key.map((name) => `shown.${name} = expected.${name}`).join(' AND ')
  const same = names.map((name) => sameValue(name, columns[name] ?? '')).join(' AND ')
  // a row that is missing on one side has no key there, so nothing of it is the same
  await client.query(`DROP TABLE IF EXISTS compared`)
  await client.query(
    `CREATE TEMP TABLE compared AS
      SELECT (${sameKey} AND ${same}) IS TRUE AS equal, to_jsonb(shown) AS shown, to_jsonb(expected) AS expected
      FROM (SELECT ${names.join(', ')} FROM ${table} AS shown) shown FULL JOIN ${expected} expected ON ${sameKey}`
  )
  const { rows } = await client.query<{ compared: number; equal: number; changed: number }>(
    `SELECT count(*)::integer AS compared, (count(*) FILTER (WHERE equal))::integer AS equal,
      (SELECT count(*)::integer FROM (SELECT * FROM ${expected} EXCEPT SELECT * FROM ${before}) new) AS changed
      FROM compared`
  )
  const different = await client.query<{ shown: unknown; expected: unknown }>(
    `SELECT shown, expected FROM compared WHERE NOT equal LIMIT ${shownDifferences}`
  )
  const { compared, equal, changed } = rows[0] ?? { compared: 0, equal: 0, changed: 0 }
  return { compared, equal, changed, differences: different.rows.map((row) => JSON.stringify(row)) }
}

function sameValue(name: string, type: string): string {
  const [shown, expected] = [`shown.${name}`, `expected.${name}`]
  if (type !== 'double precision') return `${shown} IS NOT DISTINCT FROM ${expected}`
  return `(${shown} IS NULL AND ${expected} IS NULL
    OR abs(${shown} - ${expected}) <= ${tolerance} * greatest(1, abs(${shown}), abs(${expected})))`
}
