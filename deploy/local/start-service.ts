import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { addressFromEnvironment, addressVariables } from './addresses.ts'
import { endProcess, launchDetached, waitUntilAnswering } from './process.ts'
import { isRunning, type ProcessIdentity } from './process-identity.ts'
import type { LaunchContext, LocalService } from './service.ts'
import { readState, writeState } from './state.ts'

const startTimeoutMs = 120_000

/** Finds the service running, or starts it, and gives its address once it answers there. */
export async function startService(
  service: LocalService,
  folder: string,
  kafkaSettings: LaunchContext['kafkaSettings'],
  report: (message: string) => void
): Promise<string> {
  const named = addressFromEnvironment(service.name)
  if (named !== undefined) {
    report(`using ${named}, from ${addressVariables[service.name]}`)
    return named
  }
  const began = Date.now()
  await mkdir(folder, { recursive: true })
  const context = { folder, state: await readState(folder), kafkaSettings, report }
  const { state } = context
  if (state?.process !== undefined && (await isRunning(state.process))) {
    const reason = service.restartReason?.(context)
    if (reason === undefined) {
      await untilAnswering(service, folder, state.address, state.process)
      report(`running already at ${state.address}`)
      return state.address
    }
    report(`restarting, since ${reason}`)
    await endProcess(state.process, service.stopSignal)
  }
  const { command, ...place } = await service.plan(context)
  const process = command === undefined ? undefined : await launchDetached(command)
  await writeState(folder, { ...place, ...(process === undefined ? {} : { process }) })
  await untilAnswering(service, folder, place.address, process)
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  report(process === undefined ? `using ${place.address}` : `started at ${place.address} in ${seconds} s`)
  return place.address
}

function untilAnswering(
  service: LocalService,
  folder: string,
  address: string,
  process: ProcessIdentity | undefined
): Promise<void> {
  return waitUntilAnswering({
    title: service.title,
    logFile: join(folder, `${service.name}.log`),
    timeoutMs: startTimeoutMs,
    probe: () => service.probe(address),
    ...(process === undefined ? {} : { process })
  })
}
