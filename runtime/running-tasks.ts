import type { Consumer, Fetched } from '../kafka/port/consumer.ts'
import type { Task } from './task/task.ts'

/** The tasks that process, and their turns. Tasks come and go between two calls. */
export class RunningTasks {
  readonly #consumer: Consumer
  #tasks: Task[] = []

  constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  get all(): readonly Task[] {
    return this.#tasks
  }

  has(id: string): boolean {
    return this.#tasks.some((task) => task.id === id)
  }

  /** From now on its inputs are fetched. */
  add(task: Task): void {
    this.#consumer.assign(task.positions())
    this.#tasks.push(task)
  }

  /** Nothing more is fetched for it, and it processes nothing more. Returns what it failed to close. */
  remove(id: string): unknown[] {
    const task = this.#tasks.find((one) => one.id === id)
    if (task === undefined) return []
    this.#tasks = this.#tasks.filter((other) => other !== task)
    this.#consumer.unassign(task.positions())
    return task.stop()
  }

  /** They process nothing more. Returns what they failed to close. */
  stop(): unknown[] {
    return this.#tasks.flatMap((task) => task.stop())
  }

  /** Hands fetched batches to their tasks; a partition with more than `limit` bytes waiting is paused. */
  accept(fetched: readonly Fetched[], limit: number): void {
    for (const one of fetched) {
      const task = this.#tasks.find((candidate) => candidate.reads(one.topic, one.partition))
      if (task !== undefined && task.accept(one) > limit) this.#consumer.pause(one.topic, one.partition)
    }
  }

  /**
   * A slice: tasks in turn, until `deadline` (ms) or until a write buffer has reached its bound, which `full` says. That may be most of what the
   * thread may keep uncommitted, so the next task's turn comes after the commit.
   */
  process(now: number, deadline: number): { readonly processed: number; readonly full: boolean } {
    let processed = 0
    let full = false
    let turns = 0
    for (const task of this.#tasks) {
      turns++
      const count = task.processUntil(deadline)
      processed += count
      task.punctuate(now)
      full = task.commitWanted()
      if (full || (count > 0 && task.now() >= deadline)) break
    }
    // who had its turn goes to the end of the line
    if (turns < this.#tasks.length)
      this.#tasks = [...this.#tasks.slice(turns), ...this.#tasks.slice(0, turns)]
    return { processed, full }
  }

  /** For when there is nothing better to do: stores go on with expiry and the like, for about `budgetMs`. */
  maintain(budgetMs: number): void {
    for (const task of this.#tasks) if (task.maintain(budgetMs)) return
  }

  /** Resumes partitions of which at most `limit` bytes wait. */
  resume(limit: number): void {
    for (const task of this.#tasks)
      for (const { topic, partition } of task.positions())
        if (task.bufferedBytes(topic) <= limit) this.#consumer.resume(topic, partition)
  }
}
