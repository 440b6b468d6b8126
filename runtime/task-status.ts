/** Warm-ups are standbys that will become active here. */
export type TaskRole = 'active' | 'standby' | 'warmup'

export interface TaskStatus {
  /** `<sub-topology>_<partition>` */
  readonly id: string
  readonly role: TaskRole
  /** Active: it processes; else it restores. */
  readonly running: boolean
  /** Of a standby or warm-up: changelog records that it lacks; undefined until that is known. */
  readonly lag: number | undefined
  /** Of a standby or warm-up: for how long it has not had everything, ms; undefined until that is known. */
  readonly lagMs: number | undefined
}

/** A task and the thread that has it. */
export interface ThreadTask extends TaskStatus {
  /** From 1 on. */
  readonly thread: number
}
