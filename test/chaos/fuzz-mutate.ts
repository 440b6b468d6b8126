import type { Random } from './random.ts'

/** Texts that programs stumble over. */
export const wildTexts = [
  '',
  '0',
  '-0',
  '-1',
  '1e308',
  'NaN',
  '0x10',
  '9007199254740991',
  '900719925474.0991',
  '-900719925474.0991',
  '99999999999999999999999',
  '0.00001',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  '=1+1',
  "'; DROP TABLE line_items; --",
  '../../../etc/passwd',
  '%2e%2e%2f',
  '\u0000',
  '\u0001\u001f',
  '\ufeff',
  '\ufffd',
  '\u202eabc',
  '\ud83d\ude00',
  'İ',
  'ß'.repeat(50),
  '"',
  '""',
  '"open',
  'a"b',
  ',;\t|',
  '0000-00-00',
  '0001-01-01',
  '9999-12-31',
  '2011-02-30',
  '2011-12-01T23:59:60',
  '2011-12-01T12:00:00+99:99',
  'x'.repeat(5_000)
] as const

const wildValues: readonly unknown[] = [
  ...wildTexts,
  null,
  true,
  0,
  -1,
  0.5,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  1e300,
  [],
  {},
  [[]],
  { a: { b: null } }
]

type Change = (random: Random, bytes: Buffer) => Buffer

const changes: readonly Change[] = [
  // some bits of a byte
  (random, bytes) => {
    const changed = Buffer.from(bytes)
    if (changed.length > 0) {
      const at = random.below(changed.length)
      changed[at] = (changed[at] as number) ^ (1 + random.below(255))
    }
    return changed
  },
  // a piece is gone
  (random, bytes) => {
    const [from, to] = range(random, bytes)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  // a piece is there again, somewhere else
  (random, bytes) => {
    const [from, to] = range(random, bytes)
    return inserted(random, bytes, bytes.subarray(from, to))
  },
  // the end is missing
  (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
  (random, bytes) => inserted(random, bytes, Buffer.from(random.pick(wildTexts))),
  (random, bytes) => inserted(random, bytes, Buffer.from([random.pick([0, 10, 13, 34, 44, 59, 0x80, 0xff])])),
  (random, bytes) => inserted(random, bytes, randomBytes(random, 1 + random.below(64)))
]

/** The bytes with a few changes. */
export function mutated(random: Random, bytes: Buffer, most = 5): Buffer {
  let changed = bytes
  for (let left = 1 + random.below(most); left > 0; left--) changed = random.pick(changes)(random, changed)
  return changed
}

export function randomBytes(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i++) bytes[i] = random.below(256)
  return bytes
}

/** The value with some of its parts gone, doubled, or replaced by what does not belong there. */
function mutatedValue(random: Random, value: unknown, share = 0.2): unknown {
  if (random.chance(share / 2)) return random.pick(wildValues)
  if (Array.isArray(value))
    return value.flatMap((one) => copies(random, mutatedValue(random, one, share), share))
  if (typeof value !== 'object' || value === null)
    return random.chance(share) ? random.pick(wildValues) : value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => {
      if (random.chance(share / 4)) return []
      const name = random.chance(share / 8) ? String(random.pick(wildTexts)) : key
      return [[name, mutatedValue(random, part, share)]]
    })
  )
}

/** JSON of a value that was changed as a value, as a text, both, or not at all. */
export function mutatedJson(random: Random, value: unknown): string {
  if (random.chance(0.02)) return `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const text = JSON.stringify(random.chance(0.6) ? mutatedValue(random, value) : value) ?? ''
  return random.chance(0.3) ? mutated(random, Buffer.from(text), 2).toString('utf8') : text
}

function copies<T>(random: Random, value: T, share: number): T[] {
  if (random.chance(share / 4)) return []
  return random.chance(share / 4) ? [value, value] : [value]
}

function range(random: Random, bytes: Buffer): readonly [from: number, to: number] {
  const from = random.below(bytes.length + 1)
  return [from, Math.min(bytes.length, from + 1 + random.below(40))]
}

function inserted(random: Random, bytes: Buffer, piece: Buffer): Buffer {
  const at = random.below(bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
}
