/** How long a topic keeps tombstones, ms, by its settings; infinite where it is not compacted. */
export function tombstoneRetentionMs(settings: Readonly<Record<string, string>>): number {
  const kept = settings['delete.retention.ms']
  const compacted = settings['cleanup.policy']?.includes('compact') === true
  return compacted && kept !== undefined ? Number(kept) : Number.POSITIVE_INFINITY
}
