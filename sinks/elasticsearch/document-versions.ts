/** Offsets below 2^44 (17 million million records in a partition) leave room for half a million lives of a topic. */
const offsetBits = 44n

/**
 * The external version of what a record says about its document: `generation × 2^44 + offset + 1`. As text, because a double is
 * exact only up to generation 511.
 */
export function documentVersion(generation: number, offset: number): string {
  return String((BigInt(generation) << offsetBits) + BigInt(offset) + 1n)
}
