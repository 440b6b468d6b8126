import { lookUp } from './cluster.ts'
import type { Coordinator } from './coordinator.ts'
import { brokerCode, brokerError } from './errors.ts'
import {
  type DescribedStreamsGroup,
  type DescribedStreamsMember,
  streamsGroupDescribe
} from './streams-describe-api.ts'

const noGroup: DescribedStreamsGroup = {
  errorCode: brokerCode.networkException,
  errorMessage: null,
  members: []
}

/** The members of a streams group, asked of its coordinator. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
export async function describedMembers(
  coordinator: Coordinator,
  groupId: string
): Promise<readonly DescribedStreamsMember[]> {
  const groups = await coordinator.call('admin', lookUp, streamsGroupDescribe, [groupId])
  const { errorCode, errorMessage, members } = groups[0] ?? noGroup
  coordinator.note(errorCode)
  if (errorCode !== 0) throw brokerError(`streams group '${groupId}' is not told`, errorCode, errorMessage)
  return members
}
