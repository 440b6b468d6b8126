import { join } from 'node:path'
import { runCommand } from './command.ts'
import { LocalServiceError } from './errors.ts'

const oldest = 17

const advice =
  `Kafka and Elasticsearch need a Java development kit, version ${oldest} or newer. Install one ` +
  '(Debian and Ubuntu: openjdk-17-jdk-headless, Fedora: java-17-openjdk-devel, macOS: brew install openjdk@17), ' +
  'or set JAVA_HOME to it, or name running services in KAFKA_BROKERS and ELASTICSEARCH_URL.'

export function javaProgram(name: 'java' | 'javac' | 'jar'): string {
  const home = process.env['JAVA_HOME']
  return home ? join(home, 'bin', name) : name
}

export function runJava(
  name: 'java' | 'javac' | 'jar',
  args: readonly string[],
  onFailure: string
): Promise<string> {
  return runCommand(javaProgram(name), args, { onFailure, onMissing: `${name} was not found. ${advice}` })
}

/** The version as Java names it, such as 17.0.15. */
export async function requireJava(): Promise<string> {
  const output = await runJava('java', ['-version'], `java does not run. ${advice}`)
  const version = /version "([^"]+)"/.exec(output)?.[1]
  const major = Number.parseInt(version ?? '', 10)
  if (version === undefined || !(major >= oldest)) {
    throw new LocalServiceError(`java is version ${version ?? 'unknown'}. ${advice}`)
  }
  return version
}
