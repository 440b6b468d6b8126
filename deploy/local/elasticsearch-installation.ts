import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, digestOf } from './cache.ts'
import { classArchiveOptions, recordClasses } from './class-archive.ts'
import { probeElasticsearch } from './elasticsearch-probe.ts'
import { requireJava, runJava } from './java.ts'
import { findZstd, platformFolder, zstdFileName } from './libzstd.ts'
import { fetchJars, pomProperty } from './maven.ts'
import { choosePort } from './ports.ts'

const sources = join(import.meta.dirname, 'elasticsearch')
const pom = join(sources, 'pom.xml')
const mainSource = join(sources, 'ElasticsearchMain.java')
const pluginSource = join(sources, 'RootPlugin.java')

export interface ElasticsearchInstallation {
  readonly home: string
  readonly archiveOptions: readonly string[]
}

export interface ElasticsearchPlace {
  readonly home: string
  readonly folder: string
  readonly port: number
}

type Report = (message: string) => void

/** Everything that running Elasticsearch needs and that is the same for every directory, from the cache. */
export async function installElasticsearch(report: Report): Promise<ElasticsearchInstallation> {
  const [java, version, digest] = await Promise.all([
    requireJava(),
    pomProperty(pom, 'elasticsearch.version'),
    digestOf([pom, mainSource, pluginSource])
  ])
  const name = `elasticsearch-${version}-${digest}`
  const home = await cached({
    name,
    report,
    build: async (folder) => {
      report(`fetching Elasticsearch ${version} with Maven; this happens once`)
      await buildHome(folder, version, report)
    }
  })
  // a class archive fits one version of Java and one place of the jars
  const prepared = await cached({
    name: `${name}-java-${java}`,
    report,
    build: async (folder) => {
      report('preparing Elasticsearch for fast starts; this happens once')
      const place = { home, folder, port: await choosePort() }
      await createFolders(folder)
      await recordClasses({
        title: 'Elasticsearch',
        folder,
        javaArgs: elasticsearchJavaArgs(place, []),
        probe: () => probeElasticsearch(`http://127.0.0.1:${place.port}`)
      })
      for (const used of serverFolders) await rm(join(folder, used), { recursive: true })
    }
  })
  return { home, archiveOptions: await classArchiveOptions(prepared) }
}

export function elasticsearchJavaArgs(
  place: ElasticsearchPlace,
  archiveOptions: readonly string[]
): string[] {
  const { home, folder, port } = place
  return [
    '-Xms512m',
    '-Xmx512m',
    '-XX:+UseSerialGC',
    ...archiveOptions,
    '-Djava.locale.providers=SPI,COMPAT',
    `-Djava.io.tmpdir=${join(folder, 'temporary')}`,
    `-Des.path.home=${home}`,
    `-Dlog4j2.configurationFile=${join(sources, 'log4j2.properties')}`,
    '-Dlog4j2.disable.jmx=true',
    // this native library is not in Maven Central; Java's own vectors do
    '-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false',
    '-cp',
    `${home}/main.jar:${home}/lib/*`,
    'storesku.local.ElasticsearchMain',
    home,
    join(folder, 'data'),
    join(folder, 'logs'),
    String(port)
  ]
}

const serverFolders = ['data', 'logs', 'temporary']

/** Elasticsearch creates its data by itself, but expects its temporary folder to be there. */
export async function createFolders(folder: string): Promise<void> {
  for (const name of serverFolders) await mkdir(join(folder, name), { recursive: true })
}

/** The layout of the official archive, as far as a node looks at it: lib, modules, plugins, config. */
async function buildHome(home: string, version: string, report: Report): Promise<void> {
  // looked for first: without it, a download would be in vain
  const zstd = await findZstd()
  const lib = join(home, 'lib')
  const transport = join(home, 'modules', 'transport-netty4')
  const root = join(home, 'modules', 'rest-root')
  const platform = join(lib, 'platform', platformFolder())
  for (const folder of [lib, transport, root, platform, join(home, 'plugins'), join(home, 'config')]) {
    await mkdir(folder, { recursive: true })
  }
  await fetchJars(pom, lib, report)
  for (const jar of await readdir(lib)) {
    // a module has a class loader of its own, so its jars must not be among the server's
    if (/^(netty-|transport-netty4)/.test(jar)) await rename(join(lib, jar), join(transport, jar))
  }
  await copyFile(zstd, join(platform, zstdFileName()))
  await compile(home, mainSource, join(home, 'main.jar'))
  await compile(home, pluginSource, join(root, 'rest-root.jar'))
  await describeModule(
    transport,
    version,
    'org.elasticsearch.transport.netty4.Netty4Plugin',
    'transport-netty4'
  )
  await describeModule(root, version, 'storesku.local.RootPlugin', 'rest-root')
}

async function compile(home: string, source: string, jar: string): Promise<void> {
  const classes = join(home, 'classes')
  await runJava(
    'javac',
    ['-d', classes, '-cp', `${home}/lib/*`, '--release', '17', source],
    `${source} could not be compiled.`
  )
  await runJava('jar', ['cf', jar, '-C', classes, '.'], `${jar} could not be written.`)
  await rm(classes, { recursive: true })
}

async function describeModule(
  folder: string,
  version: string,
  className: string,
  name: string
): Promise<void> {
  const descriptor = [
    `name=${name}`,
    `description=${name}`,
    `version=${version}`,
    `elasticsearch.version=${version}`,
    `classname=${className}`,
    'java.version=17',
    'extended.plugins=',
    'has.native.controller=false'
  ]
  await writeFile(join(folder, 'plugin-descriptor.properties'), `${descriptor.join('\n')}\n`)
}
