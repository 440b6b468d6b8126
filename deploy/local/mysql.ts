import { mkdir, rename, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { exists } from './cache.ts'
import { runCommand } from './command.ts'
import { findMysqlPrograms, type MysqlPrograms, mysqlAdvice } from './mysql-programs.ts'
import { choosePort } from './ports.ts'
import type { LocalService } from './service.ts'

/** A MariaDB of this directory's own, in which root needs no password. */
export const mysql: LocalService = {
  name: 'mysql',
  title: 'MariaDB',
  stopSignal: 'SIGTERM',

  async plan({ folder, state, report }) {
    const programs = await findMysqlPrograms(report)
    await mkdir(folder, { recursive: true })
    const data = join(folder, 'data')
    if (!(await exists(data))) await initialise(programs, data)
    const port = await choosePort(state?.port)
    return {
      address: `mysql://root@127.0.0.1:${port}`,
      port,
      command: {
        command: programs.server,
        args: [
          ...commonOptions(programs, data),
          `--port=${port}`,
          '--bind-address=127.0.0.1',
          '--socket=mysql.sock',
          '--pid-file=mysql.pid',
          '--innodb-buffer-pool-size=64M'
        ],
        workingDirectory: folder,
        logFile: join(folder, 'mysql.log')
      }
    }
  },

  async probe(address) {
    // loaded late: only starting and asking for the status need a client
    const { createConnection } = await import('mysql2/promise')
    const connection = await createConnection({ uri: address, connectTimeout: 3_000 })
    try {
      await connection.query('SELECT 1')
    } finally {
      await connection.end()
    }
  }
}

/** As root the server runs only if it is told so. */
function commonOptions({ options }: MysqlPrograms, data: string): string[] {
  return [
    '--no-defaults',
    ...options,
    `--datadir=${data}`,
    `--user=${userInfo().username}`,
    '--skip-name-resolve',
    '--innodb-log-file-size=8M'
  ]
}

async function initialise(programs: MysqlPrograms, data: string): Promise<void> {
  const partial = `${data}.partial`
  await rm(partial, { recursive: true, force: true })
  await runCommand(
    programs.install,
    [...commonOptions(programs, partial), '--auth-root-authentication-method=normal', '--skip-test-db'],
    { onFailure: 'The database could not be initialised.', onMissing: mysqlAdvice }
  )
  await rename(partial, data)
}
