import { mkdir, rm, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  addressFromEnvironment,
  addressKeys,
  type ServiceAddresses,
  type ServiceName,
  type StandardServiceName,
  serviceNames,
  standardServiceNames
} from './addresses.ts'
import { exists } from './cache.ts'
import { elasticsearch } from './elasticsearch.ts'
import { hasCode } from './errors.ts'
import { kafka } from './kafka.ts'
import { parseKafkaSettings } from './kafka-settings.ts'
import { withLock } from './lock.ts'
import { mysql } from './mysql.ts'
import { objectStore } from './object-store.ts'
import { postgres } from './postgres.ts'
import { endProcess } from './process.ts'
import { isRunning } from './process-identity.ts'
import { prometheus } from './prometheus.ts'
import { s3mock } from './s3mock.ts'
import type { LocalService } from './service.ts'
import { sqs } from './sqs.ts'
import { startService } from './start-service.ts'
import { readState } from './state.ts'

export type { ServiceAddresses, ServiceName } from './addresses.ts'
export { objectStoreCredentials } from './object-store.ts'

const services: Readonly<Record<ServiceName, LocalService>> = {
  kafka,
  elasticsearch,
  postgres,
  s3: objectStore,
  sqs,
  s3mock,
  mysql,
  prometheus
}

export interface StartOptions<Name extends ServiceName = StandardServiceName> {
  /** Where the services keep their data, logs and ports */
  readonly directory: string
  /** The services that are needed; by default those that the retail system runs on */
  readonly only?: readonly Name[]
  /** Settings of the broker beyond those of the variable KAFKA_SETTINGS; a running Kafka is restarted for new ones */
  readonly kafkaSettings?: Readonly<Record<string, string>>
  readonly onProgress?: (message: string) => void
}

type AddressesOf<Name extends ServiceName> = Pick<ServiceAddresses, (typeof addressKeys)[Name]>

export interface ServiceStatus {
  readonly name: ServiceName
  readonly title: string
  /** `named`: the environment names one, which is not ours to look after */
  readonly condition: 'running' | 'not answering' | 'stopped' | 'never started' | 'named'
  readonly address?: string
  /** Absent when the process is not ours */
  readonly pid?: number
  readonly folder: string
}

/**
 * Sees to it that the services run and answer, and tells their addresses. Those that run already are used as they
 * are, and those that have ended are started again on their data and port. They outlive this process.
 */
export async function startServices<Name extends ServiceName = StandardServiceName>(
  options: StartOptions<Name>
): Promise<AddressesOf<Name>> {
  const directory = resolve(options.directory)
  const report = options.onProgress ?? (() => {})
  const kafkaSettings = requestedKafkaSettings(options.kafkaSettings)
  const names: readonly ServiceName[] = options.only ?? standardServiceNames
  await mkdir(directory, { recursive: true })
  return withDirectoryLock(directory, report, async () => {
    // all are waited for, even after a failure, so that none is still starting when the lock is given back
    const results = await Promise.allSettled(
      names.map(async (name) => {
        const service = services[name]
        const say = (message: string): void => report(`${service.title}: ${message}`)
        const address = await startService(service, join(directory, name), kafkaSettings, say)
        return [addressKeys[name], address] as const
      })
    )
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1) throw new AggregateError(failures)
    const entries = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    return Object.fromEntries(entries) as AddressesOf<Name>
  })
}

/** Ends the services that were started in the directory; `wipe` also removes their data. */
export async function stopServices(directory: string, options: { wipe?: boolean } = {}): Promise<void> {
  const place = resolve(directory)
  if (!(await exists(place))) return
  await withDirectoryLock(
    place,
    () => {},
    async () => {
      await Promise.all(
        serviceNames.map((name) => stopService(services[name], join(place, name), options.wipe))
      )
    }
  )
  if (options.wipe === true) await removeIfEmpty(place)
}

/** Of the services that the retail system runs on, and of others that were started there. */
export async function serviceStatus(directory: string): Promise<ServiceStatus[]> {
  const all = await Promise.all(
    serviceNames.map((name) => statusOf(services[name], join(resolve(directory), name)))
  )
  const standard: readonly ServiceName[] = standardServiceNames
  return all.filter(({ name, condition }) => standard.includes(name) || condition !== 'never started')
}

async function stopService(service: LocalService, folder: string, wipe = false): Promise<void> {
  const state = await readState(folder)
  if (state?.process !== undefined) await endProcess(state.process, service.stopSignal)
  if (!wipe) return
  await service.wipe?.({ folder, state })
  await rm(folder, { recursive: true, force: true })
}

async function statusOf(service: LocalService, folder: string): Promise<ServiceStatus> {
  const base = { name: service.name, title: service.title, folder }
  const named = addressFromEnvironment(service.name)
  if (named !== undefined) return { ...base, condition: 'named', address: named }
  const state = await readState(folder)
  if (state === undefined) return { ...base, condition: 'never started' }
  const { address, process } = state
  if (process !== undefined && !(await isRunning(process))) return { ...base, condition: 'stopped', address }
  const condition = await service.probe(address).then(
    () => 'running' as const,
    () => 'not answering' as const
  )
  return { ...base, condition, address, ...(process === undefined ? {} : { pid: process.pid }) }
}

function requestedKafkaSettings(own: StartOptions['kafkaSettings']): Record<string, string> | undefined {
  const fromEnvironment = process.env['KAFKA_SETTINGS']
  if (own === undefined && !fromEnvironment) return undefined
  return { ...(fromEnvironment ? parseKafkaSettings(fromEnvironment) : {}), ...own }
}

function withDirectoryLock<T>(
  directory: string,
  report: (message: string) => void,
  action: () => Promise<T>
): Promise<T> {
  const onWait = (pid: number): void =>
    report(`waiting for process ${pid}, which starts or stops services here`)
  return withLock(join(directory, 'services.lock'), { timeoutMs: 20 * 60_000, onWait }, action)
}

/** The directory is the user's choice, so whatever else is in it stays. */
async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory)
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'ENOENT')) throw error
  }
}
