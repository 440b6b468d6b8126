import type { Serde } from '../serde.ts'

/** Longer texts are rarely keys, and rarely come again. */
const longestRemembered = 24
const slots = 4096
/** Short texts read before, each in the place of its hash: what comes again is neither made anew nor hashed again by a Map. */
const remembered = new Array<string>(slots).fill('')

/** Undefined where the bytes are not all ASCII. */
function readShort(bytes: Buffer, start: number, end: number): string | undefined {
  let hash = 0
  let all = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    all |= byte
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  if (all > 127) return undefined
  const slot = (hash ^ (hash >>> 12)) & (slots - 1)
  const known = remembered[slot] as string
  if (isText(known, bytes, start, end)) return known
  const text = bytes.latin1Slice(start, end)
  remembered[slot] = text
  return text
}

function isText(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let i = start; i < end; i++) if (text.charCodeAt(i - start) !== bytes[i]) return false
  return true
}

const utf8: Serde<string> = {
  name: 'string',
  decode(bytes, start, end) {
    const short = end - start <= longestRemembered ? readShort(bytes, start, end) : undefined
    return short ?? bytes.utf8Slice(start, end)
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
