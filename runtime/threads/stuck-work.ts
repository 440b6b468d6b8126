import { partitionName } from '../../core/record.ts'
import type { Work } from '../task/progress.ts'
import type { Plan } from '../task-plan.ts'

/** Names for what `Progress` has numbers for; plain data, for other threads. */
export interface WorkNames {
  readonly application: string
  readonly thread: number
  /** In the plan's order. */
  readonly tasks: readonly { readonly id: string; readonly inputs: readonly string[] }[]
}

export function workNames(application: string, thread: number, plan: Plan): WorkNames {
  return {
    application,
    thread,
    tasks: plan.tasks.map(({ id, inputs }) => ({
      id,
      inputs: inputs.map(({ topic, partition }) => partitionName(topic, partition))
    }))
  }
}

/** What a stuck thread is at, for people. */
export function stuckText(
  { application, thread, tasks }: WorkNames,
  work: Work | undefined,
  ms: number
): string {
  const { id, inputs } = tasks[work?.task ?? -1] ?? { id: 'unknown', inputs: [] }
  const record = work?.record
  const where =
    record === undefined ? 'in a punctuation or commit' : `at ${inputs[record.input]} offset ${record.offset}`
  return `${application}: thread ${thread} has been stuck for ${Math.round(ms)} ms: task ${id} is ${where}`
}
