import { writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { Progress } from '../task/progress.ts'
import { copyClient } from './copy-client.ts'
import { Stall } from './stall.ts'
import { stuckText } from './stuck-work.ts'
import type { WatchdogNews, WatchdogOrder, Watched } from './watchdog.ts'

/*
 * Runs in a worker thread; see `Watchdog`. Nothing here waits for the thread that is watched: `console` would.
 */
const timers = new Map<number, NodeJS.Timeout>()

parentPort?.on('message', (order: WatchdogOrder) => {
  clearInterval(timers.get(order.id))
  timers.delete(order.id)
  if (order.order === 'watch') timers.set(order.id, watch(order.id, order.watched))
})

function watch(id: number, watched: Watched): NodeJS.Timeout {
  const progress = new Progress(watched.progress)
  const stall = new Stall(progress, watched.mostMs)
  return setInterval(() => {
    if (!stall.look(performance.now())) return
    const text = stuckText(watched.names, progress.work, watched.mostMs)
    tell(text)
    parentPort?.postMessage({ id, text } satisfies WatchdogNews)
    if (watched.leave !== undefined)
      leave(watched.leave, progress).then(
        (left) => {
          if (left)
            tell(`${watched.names.application}: its member has left the group, so that others take over`)
        },
        (error) => tell(`${watched.names.application}: its member cannot leave the group: ${error.message}`)
      )
  }, stall.everyMs)
}

/** False if the thread went on before its member could leave. */
async function leave(
  { client, groupId, instanceId }: NonNullable<Watched['leave']>,
  progress: Progress
): Promise<boolean> {
  const { beats } = progress
  const admin = (await copyClient(client)).admin(`${instanceId}-watchdog`)
  try {
    if (progress.beats !== beats) return false
    await admin.removeMember(groupId, instanceId)
    return true
  } finally {
    await admin.close()
  }
}

function tell(text: string): void {
  writeSync(2, `${text}\n`)
}
