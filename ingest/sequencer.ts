/** Whether an event is later than another of the same object, by S3's sequencers: hexadecimal, the shorter one is continued with zeros. */
export function isAfter(sequencer: string, other: string): boolean {
  const length = Math.max(sequencer.length, other.length)
  const comparable = (text: string) => text.toLowerCase().padEnd(length, '0')
  return comparable(sequencer) > comparable(other)
}
