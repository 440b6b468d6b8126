import type { GroupMetadata } from '../port/group.ts'

/**
 * Whether a request went out as who this member was before it joined anew, or while it does. The broker calls such a one fenced, as it does
 * where another process took its place; but here it was this member itself.
 */
export function wasFormer(sentAs: GroupMetadata, now: GroupMetadata): boolean {
  return sentAs.memberId === '' || sentAs.memberId !== now.memberId
}
