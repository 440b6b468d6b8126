import { parseArgs, styleText } from 'node:util'
import {
  addressFromEnvironment,
  addressKeys,
  addressVariables,
  type ServiceName,
  serviceNames,
  standardServiceNames
} from './addresses.ts'
import { LocalServiceError, messageOf } from './errors.ts'
import { objectStoreCredentials, serviceStatus, startServices, stopServices } from './services.ts'

const help = `Real services on this machine, without Docker: Kafka, Elasticsearch, PostgreSQL, and an S3 object store. When asked for by
name also SQS queues (sqs), an object store that keeps versions (s3mock), a MariaDB (mysql), and a Prometheus that asks
the application on port 9464 (prometheus).

  npm run local -- start  [--dir DIR] [--only NAME,...]   start what does not run, and print the addresses
  npm run local -- status [--dir DIR]                     what runs where
  npm run local -- stop   [--dir DIR] [--wipe]            end the services; --wipe also removes their data

Options
  --dir DIR     where data, logs and ports are kept (default .local)
  --only NAMES  a choice of ${serviceNames.join(', ')}
  --help        this text

A service that the environment names is used instead of being started:
  ${Object.values(addressVariables).join(', ')}

Further variables
  KAFKA_SETTINGS   broker settings, such as log.retention.check.interval.ms=1000,message.max.bytes=2000000
  STORE_SKU_CACHE  where downloads are kept (default ~/.cache/store-sku)
  JAVA_HOME        the Java to use, 17 or newer; Kafka and Elasticsearch also need Maven the first time
  LOCAL_POSTGRES   "embedded" for a PostgreSQL of the directory's own even if one runs on port 5432

Examples
  npm run local -- start
  eval "$(npm run -s local -- start)"                     and have the addresses in the shell's environment
  npm run local -- start --only kafka --dir /tmp/trial
  npm run local -- stop --dir /tmp/trial --wipe
`

type Colour = 'green' | 'red' | 'yellow' | 'dim'

async function main(): Promise<void> {
  const { values, positionals } = readArguments()
  const [command, ...rest] = positionals
  if (values.help === true || command === undefined) {
    process.stdout.write(help)
    return
  }
  if (rest.length > 0) throw new LocalServiceError(`${rest.join(' ')} was not expected; see --help`)
  switch (command) {
    case 'start':
      return start(values.dir, values.only)
    case 'status':
      return status(values.dir)
    case 'stop':
      await stopServices(values.dir, { wipe: values.wipe === true })
      return note(values.wipe === true ? 'stopped, and all data removed' : 'stopped; the data is kept')
    default:
      throw new LocalServiceError(`there is no command ${command}; there are start, status and stop`)
  }
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        dir: { type: 'string', default: '.local' },
        only: { type: 'string' },
        wipe: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' }
      }
    })
  } catch (error) {
    throw new LocalServiceError(`${messageOf(error)}\nSee --help.`)
  }
}

async function start(directory: string, only: string | undefined): Promise<void> {
  const names = only === undefined ? standardServiceNames : only.split(',').map(serviceName)
  const addresses = await startServices({ directory, only: names, onProgress: note })
  // the addresses alone go to the standard output, in a form that a shell takes in
  for (const name of names) print(`export ${addressVariables[name]}='${addresses[addressKeys[name]]}'`)
  if (names.includes('s3') && addressFromEnvironment('s3') === undefined) {
    print(`export AWS_ACCESS_KEY_ID=${objectStoreCredentials.accessKeyId}`)
    print(`export AWS_SECRET_ACCESS_KEY=${objectStoreCredentials.secretAccessKey}`)
  }
}

async function status(directory: string): Promise<void> {
  const statuses = await serviceStatus(directory)
  for (const { title, condition, address = '', pid } of statuses) {
    const colour = condition === 'running' || condition === 'named' ? 'green' : 'yellow'
    const process = pid === undefined ? '' : paint('dim', `pid ${pid}`)
    print(`${title.padEnd(18)} ${paint(colour, condition.padEnd(14))} ${address} ${process}`.trimEnd())
  }
  const healthy = statuses.every(({ condition }) => condition === 'running' || condition === 'named')
  process.exitCode = healthy ? 0 : 1
}

function serviceName(text: string): ServiceName {
  const name = serviceNames.find((known) => known === text.trim())
  if (name === undefined) {
    throw new LocalServiceError(`there is no service ${text}; there are ${serviceNames.join(', ')}`)
  }
  return name
}

function paint(colour: Colour, text: string): string {
  return styleText(colour, text, { stream: process.stdout })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function note(message: string): void {
  process.stderr.write(`${styleText('dim', message, { stream: process.stderr })}\n`)
}

function explain(error: unknown): string {
  // the same thing may be missing to several services
  if (error instanceof AggregateError) return [...new Set(error.errors.map(explain))].join('\n')
  if (error instanceof LocalServiceError || !(error instanceof Error)) return messageOf(error)
  return error.stack ?? error.message
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${styleText('red', explain(error), { stream: process.stderr })}\n`)
  process.exitCode = 1
}
