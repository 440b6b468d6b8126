import type { Part } from './file-progress.ts'

/** Why sales are not corrected, nor rows of a removed file taken back. */
export function unobtainable(part: Part): string {
  const standing = part.rows - (part.taken?.rows ?? 0)
  return `${notToBeHad(part)}, so ${standing} rows of it cannot be taken back`
}

/** What is to be known of a reference file that was corrected all the same. */
export function overwritten(part: Part): string {
  return `${notToBeHad(part)}, so rows that only that one had still count`
}

function notToBeHad({ version }: Part): string {
  return `its former version (etag ${version.etag}) can be had neither from the bucket's versions nor from an archive`
}
