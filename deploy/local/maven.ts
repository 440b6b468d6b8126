import { readFile } from 'node:fs/promises'
import { withCacheLock } from './cache.ts'
import { runCommand } from './command.ts'
import { LocalServiceError } from './errors.ts'

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'

const installAdvice =
  'mvn was not found. Kafka and Elasticsearch are fetched with Maven: install it (Debian, Ubuntu and Fedora: the package ' +
  'maven, macOS: brew install maven), or name running services in KAFKA_BROKERS and ELASTICSEARCH_URL.'

/** Copies the jars that a pom names, and those they need, into the target folder. */
export function fetchJars(pom: string, target: string, report: (message: string) => void): Promise<void> {
  // two Mavens at once can get into each other's way in the user's local repository
  return withCacheLock('maven', report, async () => {
    await runCommand(
      'mvn',
      [
        '-q',
        '-B',
        '-Dstyle.color=never',
        '-f',
        pom,
        copyDependencies,
        '-DincludeScope=runtime',
        `-DoutputDirectory=${target}`
      ],
      {
        onMissing: installAdvice,
        onFailure:
          'Maven could not fetch the jars. Is the network there, and does Maven reach its repository ' +
          '(a proxy or mirror belongs in ~/.m2/settings.xml)? What was fetched so far is kept by Maven; try again.'
      }
    )
  })
}

/** A version named in a pom, so that it is written down in one place only. */
export async function pomProperty(pom: string, name: string): Promise<string> {
  const text = await readFile(pom, 'utf8')
  const value = text.split(`<${name}>`)[1]?.split(`</${name}>`)[0]
  if (value === undefined) throw new LocalServiceError(`${pom} does not name ${name}`)
  return value
}
