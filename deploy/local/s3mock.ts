import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, digestOf } from './cache.ts'
import { classArchiveOptions, recordClasses } from './class-archive.ts'
import { javaProgram, requireJava } from './java.ts'
import { fetchJars, pomProperty } from './maven.ts'
import { objectStore } from './object-store.ts'
import { choosePort } from './ports.ts'
import type { LocalService } from './service.ts'

const pom = join(import.meta.dirname, 's3mock', 'pom.xml')

/** An object store that also keeps versions and knows conditional requests, at the price of a Java process: Adobe's S3Mock. */
export const s3mock: LocalService = {
  name: 's3mock',
  title: 'Object store with versions (S3Mock)',
  stopSignal: 'SIGTERM',

  async plan({ folder, state, report }) {
    const { jars, archiveOptions } = await installS3Mock(report)
    const port = await choosePort(state?.port)
    await mkdir(folder, { recursive: true })
    return {
      address: `http://127.0.0.1:${port}`,
      port,
      command: {
        command: javaProgram('java'),
        args: s3MockJavaArgs({ jars, folder, port, securePort: await choosePort() }, archiveOptions),
        workingDirectory: folder,
        logFile: join(folder, 's3mock.log')
      }
    }
  },

  // any account will do
  probe: (address) => objectStore.probe(address)
}

interface S3MockPlace {
  readonly jars: string
  readonly folder: string
  readonly port: number
  /** It cannot be had without TLS on a second port. */
  readonly securePort: number
}

function s3MockJavaArgs(
  { jars, folder, port, securePort }: S3MockPlace,
  archiveOptions: readonly string[]
): string[] {
  return [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    ...archiveOptions,
    '-cp',
    `${jars}/*`,
    'com.adobe.testing.s3mock.S3MockApplication',
    `--com.adobe.testing.s3mock.httpPort=${port}`,
    `--server.port=${securePort}`,
    `--com.adobe.testing.s3mock.store.root=${join(folder, 'data')}`,
    '--com.adobe.testing.s3mock.store.retainFilesOnExit=true'
  ]
}

async function installS3Mock(
  report: (message: string) => void
): Promise<{ readonly jars: string; readonly archiveOptions: readonly string[] }> {
  const [java, version, digest] = await Promise.all([
    requireJava(),
    pomProperty(pom, 's3mock.version'),
    digestOf([pom])
  ])
  const name = `s3mock-${version}-${digest}`
  const jars = await cached({
    name,
    report,
    build: async (folder) => {
      report(`fetching S3Mock ${version} with Maven; this happens once`)
      await fetchJars(pom, folder, report)
    }
  })
  // a class archive fits one version of Java and one place of the jars
  const prepared = await cached({
    name: `${name}-java-${java}`,
    report,
    build: async (folder) => {
      report('preparing S3Mock for fast starts; this happens once')
      const place = { jars, folder, port: await choosePort(), securePort: await choosePort() }
      await recordClasses({
        title: 'S3Mock',
        folder,
        javaArgs: s3MockJavaArgs(place, []),
        probe: () => objectStore.probe(`http://127.0.0.1:${place.port}`)
      })
      await rm(join(folder, 'data'), { recursive: true, force: true })
    }
  })
  return { jars, archiveOptions: await classArchiveOptions(prepared) }
}
