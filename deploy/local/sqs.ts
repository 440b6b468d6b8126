import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, digestOf } from './cache.ts'
import { javaProgram, requireJava, runJava } from './java.ts'
import { fetchJars, pomProperty } from './maven.ts'
import { choosePort } from './ports.ts'
import type { LocalService } from './service.ts'

const sources = join(import.meta.dirname, 'sqs')
const pom = join(sources, 'pom.xml')
const mainSource = join(sources, 'QueueMain.java')

/** Queues that speak SQS: ElasticMQ, in memory. */
export const sqs: LocalService = {
  name: 'sqs',
  title: 'Queues (SQS)',
  stopSignal: 'SIGTERM',

  async plan({ folder, state, report }) {
    const home = await installQueues(report)
    const port = await choosePort(state?.port)
    await mkdir(folder, { recursive: true })
    return {
      address: `http://127.0.0.1:${port}`,
      port,
      command: {
        command: javaProgram('java'),
        args: [
          '-Xmx128m',
          '-XX:+UseSerialGC',
          '-XX:TieredStopAtLevel=1',
          '-cp',
          `${home}/main.jar:${home}/lib/*`,
          'storesku.local.QueueMain',
          String(port)
        ],
        workingDirectory: folder,
        logFile: join(folder, 'sqs.log')
      }
    }
  },

  async probe(address) {
    // loaded late: only starting and asking for the status need a client
    const { ListQueuesCommand, SQSClient } = await import('@aws-sdk/client-sqs')
    const client = new SQSClient({
      endpoint: address,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1
    })
    try {
      await client.send(new ListQueuesCommand({}), { abortSignal: AbortSignal.timeout(5_000) })
    } finally {
      client.destroy()
    }
  }
}

async function installQueues(report: (message: string) => void): Promise<string> {
  const [, version, digest] = await Promise.all([
    requireJava(),
    pomProperty(pom, 'elasticmq.version'),
    digestOf([pom, mainSource])
  ])
  return cached({
    name: `elasticmq-${version}-${digest}`,
    report,
    build: async (home) => {
      report(`fetching ElasticMQ ${version} with Maven; this happens once`)
      const classes = join(home, 'classes')
      await fetchJars(pom, join(home, 'lib'), report)
      await runJava(
        'javac',
        ['-d', classes, '-cp', `${home}/lib/*`, '--release', '17', mainSource],
        `${mainSource} could not be compiled.`
      )
      await runJava(
        'jar',
        ['cf', join(home, 'main.jar'), '-C', classes, '.'],
        'main.jar could not be written.'
      )
      await rm(classes, { recursive: true })
    }
  })
}
