import { type JsonField, seenFields } from './json-shape.ts'

/** Returns undefined for a text that is not as expected, valid or not; no JSON text stands for undefined. */
type Read = (bytes: Buffer, start: number, end: number) => unknown

/** Where the compiled code and this module talk to each other. */
interface Scan {
  /** The end of the value just read; -1 if there is none. */
  at: number
  /** All fields of the last object had their expected kinds. */
  exact: boolean
  value(bytes: Buffer, at: number, end: number): unknown
}

/** Texts in a row with the same new order of fields before it is compiled. */
const missesToLearn = 8
/** Orders that are compiled: of objects with fields that may be missing, say. */
const mostOrders = 4
/** Texts that are looked at for a new order: where nearly each has another one, it does not pay. */
const mostLooks = 1_000

/**
 * Reads JSON objects with code made for their fields in their usual order: bytes are compared with the expected names, numbers computed and
 * strings cut out on the way. Gives for every text what JSON.parse gives: a text that is anything else than expected (spaces, another order,
 * unknown fields, no JSON) is left to JSON.parse, from the start, and values of other kinds within their field. Orders
 * of fields that come again and again are learned.
 */
export class JsonReader {
  /** The last object read has just the declared fields, in that order and of those kinds. */
  exact = false
  readonly #scan: Scan = { at: 0, exact: false, value: valueAt }
  readonly #declared: Read | undefined
  readonly #reads: Read[] = []
  /** The one that read the last text. */
  #usual: Read | undefined
  #looks = 0
  #misses = 0
  #missed = ''

  constructor(declared: readonly JsonField[] | undefined) {
    this.#declared = declared === undefined ? undefined : compile(declared, this.#scan)
    this.#usual = this.#declared
    if (this.#declared !== undefined) this.#reads.push(this.#declared)
  }

  /** Throws what JSON.parse throws. */
  read(bytes: Buffer, start: number, end: number): unknown {
    const usual = this.#usual
    if (usual !== undefined) {
      const value = usual(bytes, start, end) ?? this.#readUnusual(bytes, start, end)
      if (value !== undefined) {
        this.exact = this.#usual === this.#declared && this.#scan.exact
        return value
      }
    }
    this.exact = false
    const value: unknown = JSON.parse(bytes.utf8Slice(start, end))
    if (this.#reads.length < mostOrders && this.#looks < mostLooks) this.#learn(value)
    return value
  }

  #readUnusual(bytes: Buffer, start: number, end: number): unknown {
    for (const read of this.#reads) {
      if (read === this.#usual) continue
      const value = read(bytes, start, end)
      if (value === undefined) continue
      this.#usual = read
      return value
    }
    return undefined
  }

  #learn(value: unknown): void {
    this.#looks++
    const fields = seenFields(value)
    if (fields === undefined) return
    const order = JSON.stringify(fields.map(({ name }) => name))
    this.#misses = order === this.#missed ? this.#misses + 1 : 1
    this.#missed = order
    if (this.#misses < missesToLearn) return
    this.#misses = 0
    const read = compile(fields, this.#scan)
    if (read === undefined) return
    this.#reads.push(read)
    this.#usual = read
  }
}

/** 1 for what stands for itself within a string: ASCII but quotes, backslashes and control characters. */
const plain = new Uint8Array(256).fill(1, 32, 127)
plain[0x22] = 0
plain[0x5c] = 0

const powers = Float64Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)

/** Undefined where code must not be made at run time. */
function compile(fields: readonly JsonField[], scan: Scan): Read | undefined {
  try {
    const make = new Function('scan', 'plain', 'powers', `return (bytes, start, end) => {\n${code(fields)}}`)
    return make(scan, plain, powers) as Read
  } catch {
    return undefined
  }
}

/*
 * The code walks `p` over the bytes. It may run past the value's end, and past the buffer's, where bytes are undefined and fit nothing: at
 * the last it must stand on the value's own closing brace, or nothing of it counts.
 */
function code(fields: readonly JsonField[]): string {
  const text = fields.some(({ kind }) => kind === 'string')
    ? 'const text = bytes.latin1Slice(start, end)\n'
    : ''
  const steps = fields.map(({ name, kind }, index) => {
    const literal = Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
    const differs = [...literal].map((byte, offset) => `bytes[p + ${offset}] !== ${byte}`)
    return `if (${differs.join(' || ')}) return undefined
p += ${literal.length}
let v${index}
${valueCode[kind](`v${index}`)}
`
  })
  const object = fields.map(({ name }, index) => `${JSON.stringify(name)}: v${index}`)
  return `let p = start, c = 0, from = 0, n = 0, negative = false, whole = 0, exact = true
${text}${steps.join('')}
if (bytes[p] !== 0x7d || p + 1 !== end) return undefined
scan.exact = exact
return { ${object.join(', ')} }
`
}

/** Whatever is there; `kept` says when the kind is the expected one all the same. */
function otherwise(v: string, kept = 'false'): string {
  return `${v} = scan.value(bytes, from, end)
  p = scan.at
  if (p < 0) return undefined
  if (exact) exact = ${kept}`
}

// a part of a string of 13 characters or more keeps the whole of it in memory, which may be eight times as long; shorter ones are copies
const stringCode = (v: string) => `from = p
if (bytes[p] === 0x22) p++
while (plain[bytes[p]] === 1) p++
if (bytes[p] === 0x22 && bytes[from] === 0x22) {
  from++
  ${v} = p - from < 13 || (p - from) * 8 > end - start ? text.substring(from - start, p - start) : bytes.latin1Slice(from, p)
  p++
} else {
  ${otherwise(v, `typeof ${v} === 'string'`)}
}`

const digits = 'while (c >= 48 && c <= 57) { n = n * 10 + (c - 48); c = bytes[++p] }'
/** More digits than are counted: what stands there is no number, or not one of that form. */
const noNumber = 1000
// fifteen digits are exact as a double, and so is the power of ten that divides them: the quotient is the nearest double
const numberCode = (v: string, fraction: string, kept: string) => `from = p
n = 0
c = bytes[p]
negative = c === 45
if (negative) c = bytes[++p]
whole = p
${digits}
whole = p === whole || (bytes[whole] === 48 && p > whole + 1) ? ${noNumber} : p - whole
${fraction}
if (whole < 16 && (c === 44 || c === 125)) ${v} = negative ? -n : n
else if (whole < ${noNumber} && (c === 44 || c === 125)) {
  ${v} = +bytes.latin1Slice(from, p)
  if (exact) exact = ${kept}
} else {
  ${otherwise(v)}
}`

const valueCode = {
  string: stringCode,
  integer: (v: string) => numberCode(v, '', `Number.isSafeInteger(${v})`),
  number: (v: string) =>
    numberCode(
      v,
      `if (c === 46 && whole < ${noNumber}) {
  const point = p
  c = bytes[++p]
  ${digits}
  const decimals = p - point - 1
  whole = decimals === 0 ? ${noNumber} : whole + decimals
  if (whole < 16) n /= powers[decimals]
}`,
      `Number.isFinite(${v})`
    ),
  boolean: (v: string) => `from = p
if (bytes[p] === 116 && bytes[p + 1] === 114 && bytes[p + 2] === 117 && bytes[p + 3] === 101) { ${v} = true; p += 4 }
else if (bytes[p] === 102 && bytes[p + 1] === 97 && bytes[p + 2] === 108 && bytes[p + 3] === 115 && bytes[p + 4] === 101) { ${v} = false; p += 5 }
else {
  ${otherwise(v)}
}`,
  other: (v: string) => `from = p
${otherwise(v)}`
} as const

/** The value that begins at `at`, by JSON.parse; `this.at` becomes its end. */
function valueAt(this: Scan, bytes: Buffer, at: number, end: number): unknown {
  const to = endOfValue(bytes, at, end)
  this.at = -1
  if (to <= at || to > end) return undefined
  try {
    const value: unknown = JSON.parse(bytes.utf8Slice(at, to))
    this.at = to
    return value
  } catch {
    // the whole text is parsed next, for an error that tells the place
    return undefined
  }
}

/** Where a value ends if it is one; the parser finds out. */
function endOfValue(bytes: Buffer, at: number, end: number): number {
  let depth = 0
  for (let p = at; p < end; p++) {
    const byte = bytes[p]
    if (byte === 0x22) {
      p = endOfString(bytes, p, end)
      if (depth === 0) return p + 1
    } else if (byte === 0x7b || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return p
      if (--depth === 0) return p + 1
    } else if (byte === 0x2c && depth === 0) return p
  }
  return -1
}

/** The place of the closing quote. */
function endOfString(bytes: Buffer, at: number, end: number): number {
  let p = at + 1
  while (p < end && bytes[p] !== 0x22) p += bytes[p] === 0x5c ? 2 : 1
  return p
}
