import { leaveGroupV5 } from '@platformatic/kafka'
import { hasCode } from '../../core/errors.ts'
import { defaultChannel } from './connections.ts'
import type { Coordinator } from './coordinator.ts'
import { brokerError } from './errors.ts'
import { retrying } from './retry.ts'

const leaveWithinMs = 5_000

/** A static member is removed by its instance id. The broker may be away: the session then ends by itself. */
export async function leaveGroup(
  coordinator: Coordinator,
  groupId: string,
  instanceId: string,
  signal: AbortSignal
): Promise<void> {
  const members = [{ memberId: '', groupInstanceId: instanceId, reason: 'it will not come back' }]
  const options = { ...defaultChannel, requestTimeoutMs: leaveWithinMs }
  try {
    await retrying(leaveWithinMs, signal, async () => {
      const answer = await coordinator.call('group-offsets', options, leaveGroupV5.api, groupId, members)
      coordinator.note(answer.errorCode)
      if (answer.errorCode !== 0) throw brokerError(`leaving group '${groupId}'`, answer.errorCode)
    })
  } catch (error) {
    if (!hasCode(error, 'BROKER_UNAVAILABLE')) throw error
  }
}
