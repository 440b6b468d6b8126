import type { TaskOffset } from '../../kafka/port/streams-group.ts'
import { partsOfTaskId } from '../task-id.ts'

/** Of a copy, sums over its changelogs. */
export interface CopyOffsets {
  readonly offset: number
  readonly endOffset: number
}

/**
 * What the broker of a streams group is told of the state here. Of state that is on disk but not open nobody knows how far it is: it counts as
 * a beginning, which is better than none.
 */
export function taskOffsets(
  copies: ReadonlyMap<string, CopyOffsets>,
  onDisk: readonly string[]
): readonly TaskOffset[] {
  const of = (id: string, offset: number, endOffset: number | undefined): TaskOffset => ({
    ...partsOfTaskId(id),
    offset,
    endOffset
  })
  return [
    ...[...copies].map(([id, { offset, endOffset }]) => of(id, offset, endOffset)),
    ...onDisk.map((id) => of(id, 0, undefined))
  ]
}
