import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serviceStatus, startServices, stopServices } from '../../../deploy/local/services.ts'
import { password, startSecureBroker, user } from '../../kafka/platformatic/secure-broker.ts'
import type { BenchOptions } from '../case.ts'
import type { ClientSettings } from './client-settings.ts'

export interface BenchBroker extends Pick<ClientSettings, 'brokers' | 'security'> {
  close(): Promise<void>
}

/** The broker that KAFKA_BROKERS names, or one of this run's own, whose process id is known. */
export async function plainBroker({
  report
}: Pick<BenchOptions, 'report'>): Promise<BenchBroker & { readonly pid: number }> {
  const named = process.env['KAFKA_BROKERS']
  if (named) return { brokers: named.split(','), pid: 0, close: async () => {} }
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-bench-'))
  const { kafkaBrokers } = await startServices({ directory, only: ['kafka'], onProgress: report })
  const kafka = (await serviceStatus(directory)).find(({ name }) => name === 'kafka')
  return {
    brokers: kafkaBrokers.split(','),
    pid: kafka?.pid ?? 0,
    close: () => stopServices(directory, { wipe: true })
  }
}

/** Undefined unless it was asked for. */
export async function securedBroker(options: BenchOptions): Promise<BenchBroker | undefined> {
  if (!options.secured) return undefined
  if (options.securedBrokers !== undefined) {
    const { BENCH_CA: caFile, BENCH_USER: username, BENCH_PASSWORD: password } = process.env
    if (!caFile || !username || !password) throw new Error('set BENCH_CA, BENCH_USER and BENCH_PASSWORD')
    const ca = await readFile(caFile, 'utf8')
    const security = { ca, username, password }
    return { brokers: options.securedBrokers.split(','), security, close: async () => {} }
  }
  options.report('starting a broker with SASL_SSL')
  const { address, certificates, close } = await startSecureBroker('SASL_SSL')
  return {
    brokers: [address],
    security: { ca: certificates.ca, username: user, password },
    close
  }
}
