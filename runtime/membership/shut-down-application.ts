import { setTimeout } from 'node:timers/promises'
import { hasCode } from '../../core/errors.ts'
import { type MembershipParts, openMembership } from './open-membership.ts'

/** A leader of the classic protocol tells the others with its next assignment, a streams group with their next heartbeats. */
const WITHIN_MS = 60_000

/**
 * Asks all members of an application to stop with APPLICATION_SHUTDOWN (KIP-671), as a member that has its place for just that long. To be
 * called under the name of a thread that has ended.
 */
export async function shutDownApplication(parts: Omit<MembershipParts, 'lags' | 'copies'>): Promise<void> {
  const membership = openMembership({ ...parts, lags: () => new Map(), copies: () => new Map() })
  const late = new AbortController()
  try {
    await Promise.race([
      membership.shutDownApplication().catch((error) => {
        // it is told, too
        if (!hasCode(error, 'APPLICATION_SHUTDOWN')) throw error
      }),
      setTimeout(WITHIN_MS, undefined, { signal: late.signal })
    ])
  } finally {
    late.abort()
    await membership.close({ leave: true })
  }
}
