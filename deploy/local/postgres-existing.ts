import { createHash } from 'node:crypto'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sqlState, withDatabase } from './database-client.ts'
import { hasCode } from './errors.ts'

const host = '127.0.0.1:5432'

const duplicateDatabase = '42P04'
const uniqueViolation = '23505'
const objectInUse = '55006'

/** A database for each directory, so that they do not see each other's tables. */
export function databaseName(directory: string): string {
  return `store_sku_${createHash('sha256').update(resolve(directory)).digest('hex').slice(0, 12)}`
}

/**
 * A database of this directory in the PostgreSQL that runs on the usual port, created when it is missing; undefined
 * when there is no such server, or it lets nobody in without a password.
 */
export async function databaseInExistingServer(directory: string): Promise<string | undefined> {
  const name = databaseName(directory)
  for (const user of new Set(['postgres', userInfo().username])) {
    const server = `postgres://${encodeURIComponent(user)}@${host}`
    try {
      await createDatabase(`${server}/postgres`, name)
      return `${server}/${name}`
    } catch {
      // the next user, or a server of our own, may do
    }
  }
  return undefined
}

export async function dropDatabase(url: string, name: string): Promise<void> {
  const maintenance = new URL(url)
  maintenance.pathname = '/postgres'
  try {
    await withDatabase(maintenance.href, (client) =>
      client.query(`drop database if exists ${name} with (force)`)
    )
  } catch (error) {
    // a server that is gone for good must not keep the rest from being removed
    if (!hasCode(error, 'ECONNREFUSED')) throw error
  }
}

async function createDatabase(server: string, name: string): Promise<void> {
  await withDatabase(server, async (client) => {
    const found = await client.query('select from pg_database where datname = $1', [name])
    for (let attempt = 1; found.rowCount === 0; attempt++) {
      try {
        await client.query(`create database ${name}`)
        return
      } catch (error) {
        const code = sqlState(error)
        if (code === duplicateDatabase || code === uniqueViolation) return
        // somebody is looking into the template; that is over soon
        if (code !== objectInUse || attempt >= 10) throw error
        await sleep(200)
      }
    }
  })
}
