import type { Random } from './random.ts'

/**
 * `afterMs` counts from the step before, which may still be under way; with `settled` from when every replica had its tasks at work, if that does
 * not take too long. `pick` chooses one of what is there then.
 */
export type ReplicaStep =
  /** Start further replicas, or end the last ones in order; they give their places up, or are missed only when their session ends. */
  | {
      readonly kind: 'scale'
      readonly afterMs: number
      readonly settled: boolean
      readonly to: number
      readonly leave: boolean
    }
  /** SIGKILL, and started again after a while */
  | {
      readonly kind: 'kill'
      readonly afterMs: number
      readonly settled: boolean
      readonly pick: number
      readonly downMs: number
    }
  /** SIGTERM, and started again at once, as in a rolling restart */
  | { readonly kind: 'term'; readonly afterMs: number; readonly settled: boolean; readonly pick: number }
  /** SIGSTOP for twice the session timeout, then SIGCONT */
  | { readonly kind: 'freeze'; readonly afterMs: number; readonly settled: boolean; readonly pick: number }
  /** A broker is killed, and comes back */
  | {
      readonly kind: 'broker'
      readonly afterMs: number
      readonly settled: boolean
      readonly pick: number
      readonly downMs: number
    }

/** How many replicas there are, one number after the other. */
const sizes = [3, 2, 4, 1] as const
/** From one blow to the next, on average. */
const meanPauseMs = 12_000
const bag = ['kill', 'term', 'freeze', 'broker', 'kill'] as const

/** Through the sizes, each for an equal part of the time, with blows of all kinds at random moments. */
export function makeReplicasPlan(random: Random, seconds: number, sessionTimeoutMs: number): ReplicaStep[] {
  const steps: ReplicaStep[] = []
  const partMs = (seconds * 1000) / sizes.length
  const blows = Math.max(1, Math.floor(partMs / meanPauseMs))
  let kinds: (typeof bag)[number][] = []
  for (const to of sizes) {
    const leave = random.chance(0.5)
    steps.push({ kind: 'scale', afterMs: Math.round(partMs / (blows + 1) / 2), settled: true, to, leave })
    for (let blow = 0; blow < blows; blow++) {
      if (kinds.length === 0) kinds = random.shuffled(bag)
      const kind = kinds.pop() ?? 'kill'
      const afterMs = Math.round((partMs / (blows + 1)) * (0.5 + random.below(1000) / 1000))
      const pick = random.below(1_000_000)
      const settled = random.chance(0.7)
      if (kind === 'kill')
        steps.push({ kind, afterMs, settled, pick, downMs: random.below(1.5 * sessionTimeoutMs) })
      else if (kind === 'broker')
        steps.push({ kind, afterMs, settled, pick, downMs: 1_000 + random.below(8_000) })
      else steps.push({ kind, afterMs, settled, pick })
    }
  }
  return steps
}
