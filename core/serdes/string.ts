import type { Serde } from '../serde.ts'

const utf8: Serde<string> = {
  name: 'string',
  decode(bytes, start, end) {
    // most keys are short ASCII: reading them as latin1 skips the UTF-8 decoder
    for (let i = start; i < end; i++) if ((bytes[i] as number) > 127) return bytes.utf8Slice(start, end)
    return bytes.latin1Slice(start, end)
  },
  encode(value, target, at) {
    const length = value.length
    target.reserve(at, length * 3)
    const buffer = target.buffer
    if (length > 48) return at + buffer.utf8Write(value, at)
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i)
      if (unit > 127) return at + buffer.utf8Write(value, at)
      buffer[at + i] = unit
    }
    return at + length
  }
}

/** Whether each character of a short text is one byte, so that its bytes as latin1 are the text itself. */
export function isShortAscii(text: string): boolean {
  const { length } = text
  if (length > 48) return false
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

/** UTF-8 text, as Kafka's `StringSerializer` writes it. */
export function string(): Serde<string> {
  return utf8
}
