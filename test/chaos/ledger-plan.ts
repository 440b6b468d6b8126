import type { Random } from './random.ts'

export type LedgerRole = 'ingest' | 'graph'
export const stoppable = ['s3', 'sqs', 'elasticsearch', 'postgres'] as const
export type Stoppable = (typeof stoppable)[number]

export type LedgerBlow =
  /** So long after the process was there: `early` counts from its birth, else from when it had started its work. */
  | { readonly kind: 'kill'; readonly role: LedgerRole; readonly early: boolean; readonly afterMs: number }
  /** Goes on with the next blow while the service is away. */
  | { readonly kind: 'outage'; readonly service: Stoppable; readonly downMs: number }

/** The kills, half of them each process's, in random order, and each service's outage somewhere among them, one in each quarter. */
export function makeLedgerPlan(random: Random, kills: number): LedgerBlow[] {
  const all: LedgerBlow[] = Array.from({ length: kills }, (_, i): LedgerBlow => {
    const early = random.chance(0.25)
    const afterMs = early ? random.below(2_500) : 500 + random.below(8_000)
    return { kind: 'kill', role: i % 2 === 0 ? 'ingest' : 'graph', early, afterMs }
  })
  const plan = random.shuffled(all)
  const quarter = kills / stoppable.length
  // the last one first, so that the places of the others stay
  for (const [index, service] of random.shuffled(stoppable).entries()) {
    const at = Math.floor((stoppable.length - 1 - index) * quarter + random.below(Math.max(1, quarter)))
    plan.splice(at, 0, { kind: 'outage', service, downMs: 2_000 + random.below(8_000) })
  }
  return plan
}
