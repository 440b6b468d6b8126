import { expect, it, vi } from 'vitest'
import { StreamsError } from '../../../core/errors.ts'
import { silentLogger } from '../../../core/logger.ts'
import type { Thread } from '../../../runtime/threads/thread.ts'
import { ThreadPool } from '../../../runtime/threads/thread-pool.ts'
import type { UncaughtResponse } from '../../../runtime/threads/uncaught.ts'

/** Does nothing, and takes its time to end. */
class IdleThread implements Thread {
  readonly number: number
  readonly running = true
  readonly leaves: boolean[] = []
  readonly #ended = Promise.withResolvers<void>()

  constructor(number: number) {
    this.number = number
  }

  status = () => []
  clients = () => []
  run = () => this.#ended.promise
  pause = () => {}
  kill = () => this.#ended.resolve()
  rebuild = async () => {}

  stop({ leave }: { readonly leave: boolean }): void {
    this.leaves.push(leave)
  }

  fail(error: Error): void {
    this.#ended.reject(error)
  }
}

const told = new StreamsError('APPLICATION_SHUTDOWN', 'a member asked for it')
const bad = new StreamsError('PROCESSOR_FAILED', 'a bad record')

/** A pool, and its threads by number from 1 on. */
function poolOf(count: number, response: UncaughtResponse = 'shutdown-client') {
  const threads: IdleThread[] = []
  const pool = new ThreadPool({
    make: (number) => {
      const thread = new IdleThread(number)
      threads.push(thread)
      return thread
    },
    onUncaught: () => response,
    shutDownApplication: async () => {},
    logger: silentLogger
  })
  for (let made = 0; made < count; made++) pool.add()
  return { pool, threads }
}

/** What the other of two threads is told when one ends with `error`. */
async function otherLeaves(error: Error, response: UncaughtResponse): Promise<readonly boolean[]> {
  const { pool, threads } = poolOf(2, response)
  const ended = pool.ended.catch((failure: unknown) => failure)
  const [one, two] = threads as [IdleThread, IdleThread]
  one.fail(error)
  await vi.waitFor(() => expect(two.leaves).toHaveLength(1))
  // the process is told to end meanwhile
  pool.stop({ leave: false })
  two.kill()
  expect(await ended).toBe(error)
  return two.leaves
}

it.each<[string, Error, UncaughtResponse, boolean]>([
  ['leave the group when the application was asked to stop', told, 'shutdown-client', true],
  ['leave the group when this process asks the application to stop', bad, 'shutdown-application', true],
  ['keep their places when only this process ends', bad, 'shutdown-client', false]
])('the other threads %s', async (_what, error, response, leave) => {
  expect(await otherLeaves(error, response)).toEqual([leave, leave])
})

it('threads that are removed at the same time are different ones, and the last stays', async () => {
  const { pool, threads } = poolOf(3)
  const removed = [pool.remove(), pool.remove(), pool.remove()]
  const stopped = () => threads.filter(({ leaves }) => leaves.length > 0).map(({ number }) => number)
  expect(stopped()).toEqual([2, 3])
  for (const thread of threads.slice(1)) thread.kill()
  expect(await Promise.all(removed)).toEqual([3, 2, undefined])
  expect(pool.threads.map(({ number }) => number)).toEqual([1])
  pool.kill()
  await pool.ended
})
