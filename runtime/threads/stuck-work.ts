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
  const task = work === undefined ? undefined : tasks[work.task]
  const where =
    task === undefined
      ? 'no task has its turn'
      : work?.record === undefined
        ? `task ${task.id} is in a punctuation or commit`
        : `task ${task.id} is at ${task.inputs[work.record.input]} offset ${work.record.offset}`
  return `${application}: thread ${thread} has been stuck for ${Math.round(ms)} ms: ${where}`
}
