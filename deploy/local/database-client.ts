import { Client } from 'pg'

/** Runs the action with a connection of its own. */
export async function withDatabase<T>(url: string, action: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
  // a server that goes away in between is told by the query that fails
  client.on('error', () => {})
  try {
    await client.connect()
    return await action(client)
  } finally {
    await client.end().catch(() => {})
  }
}

export async function probeDatabase(url: string): Promise<void> {
  await withDatabase(url, (client) => client.query('select 1'))
}

/** The PostgreSQL error code of a failure, when it is one. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
