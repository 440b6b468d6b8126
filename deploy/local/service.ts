import type { ServiceName } from './addresses.ts'
import type { DetachedCommand } from './process.ts'
import type { ServiceState } from './state.ts'

export interface LaunchContext {
  /** The service's own folder: data, configuration, log */
  readonly folder: string
  /** What an earlier start left behind */
  readonly state: ServiceState | undefined
  /** Settings asked for by this start; undefined when it has no opinion */
  readonly kafkaSettings: Readonly<Record<string, string>> | undefined
  readonly report: (message: string) => void
}

export interface ServicePlan {
  readonly address: string
  readonly port?: number
  /** Absent when the service runs already and is somebody else's */
  readonly command?: DetachedCommand
  readonly settings?: Record<string, string>
}

export interface LocalService {
  readonly name: ServiceName
  readonly title: string
  readonly stopSignal: NodeJS.Signals
  /** Prepares all that a launch needs, down to the command */
  plan(context: LaunchContext): Promise<ServicePlan>
  /** Resolves when the service has answered a client's request, rejects otherwise */
  probe(address: string): Promise<void>
  /** Why a running service cannot serve this start */
  restartReason?(context: LaunchContext): string | undefined
  /** Removes what the service keeps outside its folder */
  wipe?(context: Pick<LaunchContext, 'folder' | 'state'>): Promise<void>
}
