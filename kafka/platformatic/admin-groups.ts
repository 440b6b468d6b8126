import { deleteGroupsV2 } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import type { GroupOffset } from '../port/group.ts'
import { lookUp } from './cluster.ts'
import type { Coordinator } from './coordinator.ts'
import { brokerCode, brokerError } from './errors.ts'
import { commitOffsets } from './group-offsets.ts'

/** Outside of any generation, as only a group without members accepts it. */
const nobody = { instanceId: null, memberId: '', generation: -1 } as const

/**
 * One attempt to delete a group and to make it anew with these offsets. It may be repeated. Throws GROUP_NOT_EMPTY, BROKER_UNAVAILABLE,
 * BROKER_REFUSED.
 */
export async function resetGroup(
  coordinator: Coordinator,
  groupId: string,
  offsets: readonly GroupOffset[]
): Promise<void> {
  const { results } = await coordinator.call('admin', lookUp, deleteGroupsV2.api, [groupId])
  const errorCode = results[0]?.errorCode ?? brokerCode.networkException
  coordinator.note(errorCode)
  if (errorCode === brokerCode.nonEmptyGroup) throw notEmpty(groupId)
  if (errorCode !== 0 && errorCode !== brokerCode.groupIdNotFound)
    throw brokerError(`deleting group '${groupId}'`, errorCode)
  if (offsets.length === 0) return
  if ((await commitOffsets(coordinator, { groupId, ...nobody }, offsets)) !== undefined)
    throw notEmpty(groupId)
}

function notEmpty(groupId: string): StreamsError {
  return new StreamsError(
    'GROUP_NOT_EMPTY',
    `group '${groupId}' has members: stop them all, and wait until the session of one that was killed has ended`
  )
}
