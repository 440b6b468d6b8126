import type { Random } from './random.ts'
import type { AbortStage, HaltPoint } from './worker-protocol.ts'

export type Blow =
  | { readonly kind: 'kill'; readonly afterMs: number }
  /** Killed at a point of a commit, so many ms after the point was reached */
  | { readonly kind: 'kill-at'; readonly at: HaltPoint; readonly afterMs: number }
  /** Killed twice: the second time while it starts */
  | { readonly kind: 'kill-twice'; readonly afterMs: number }
  | { readonly kind: 'abort'; readonly stage: AbortStage }
  /** The leader of a partition is killed or stands still, and comes back later; the worker may be killed in between */
  | {
      readonly kind: 'leader'
      readonly how: 'kill' | 'pause'
      readonly of: LedTopic
      readonly downMs: number
      readonly withWorker: boolean
    }
  /** The worker stands still, another takes its place, and the first goes on */
  | { readonly kind: 'zombie'; readonly afterMs: number }

/** Whose leaders are killed: those of what is written, and the coordinators of transactions and of the group. */
export type LedTopic = 'output' | 'input' | '__transaction_state' | '__consumer_offsets'

export interface Blows {
  readonly kills: number
  readonly aborts: number
  readonly leaderKills: number
  readonly leaderPauses: number
  readonly zombies: number
}

/** What happens when so many records have been committed. */
export interface Step {
  readonly records: number
  readonly blow: Blow
}

/** Spreads the blows over the records, in random order. Kills come to at least the number asked for. */
export function makePlan(random: Random, blows: Blows, records: number): Step[] {
  const all: Blow[] = []
  for (let kills = 0; kills < blows.kills; ) {
    const blow = killBlow(random)
    all.push(blow)
    kills += blow.kind === 'kill-twice' ? 2 : 1
  }
  for (let i = 0; i < blows.aborts; i++)
    all.push({ kind: 'abort', stage: abortStages[i % abortStages.length] ?? 'records-sent' })
  for (let i = 0; i < blows.leaderKills + blows.leaderPauses; i++) {
    const how = i < blows.leaderKills ? 'kill' : 'pause'
    // the first one is the output's in any case
    const of = i === 0 ? 'output' : random.pick(ledTopics)
    all.push({ kind: 'leader', how, of, downMs: 500 + random.below(3_000), withWorker: random.chance(0.5) })
  }
  for (let i = 0; i < blows.zombies; i++) all.push({ kind: 'zombie', afterMs: random.below(100) })
  const room = (records * 0.96) / Math.max(all.length, 1)
  return random
    .shuffled(all)
    .map((blow, index) => ({ blow, records: Math.floor(room * (index + 0.2 + random.below(600) / 1000)) }))
}

const ledTopics: readonly LedTopic[] = [
  'output',
  'output',
  'input',
  '__transaction_state',
  '__consumer_offsets'
]

const abortStages: readonly AbortStage[] = ['records-sent', 'offsets-sent', 'nothing-sent']

function killBlow(random: Random): Blow {
  const dice = random.below(10)
  if (dice < 4) return { kind: 'kill', afterMs: random.below(150) }
  if (dice < 5) return { kind: 'kill-twice', afterMs: random.below(900) }
  const at = random.pick(['before-commit', 'in-commit', 'in-commit', 'after-commit'] as const)
  return { kind: 'kill-at', at, afterMs: at === 'in-commit' ? random.below(12) : 0 }
}
