import type { ProcessorContext } from '../../index.ts'

/** Records come between two callbacks, and others get their turn. */
const goOnEveryMs = 20

/**
 * Looks out for work by the wall clock. Work returns whether it has left some: then it is called again soon, until it has not. However much there
 * is, no single callback may hold up its thread for long, nor change more than the stores may keep until a commit.
 */
export function paced<K, V>(
  context: Pick<ProcessorContext<K, V>, 'schedule'>,
  lookEveryMs: number,
  work: (now: number) => boolean
): void {
  let stop: (() => void) | undefined
  const look = (now: number): void => {
    const left = work(now)
    if (left) stop ??= context.schedule(goOnEveryMs, 'wall-clock', look)
    else {
      stop?.()
      stop = undefined
    }
  }
  context.schedule(lookEveryMs, 'wall-clock', look)
}
