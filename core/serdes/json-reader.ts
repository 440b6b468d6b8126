import { type JsonField, type JsonKind, seenFields } from './json-shape.ts'

/** Code for objects with certain fields in a certain order. */
interface Order {
  /** Returns undefined for a text that is not as expected, valid or not; no JSON text stands for undefined. */
  read(bytes: Buffer, start: number, end: number): unknown
  /** What it returns has just the declared fields, in the order of their declaration. */
  readonly complete: boolean
}

interface Step extends JsonField {
  /** Undefined: the field is passed over. */
  readonly variable: string | undefined
}

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
 *
 * A reader that may leave out fields which were not declared does so in the orders it has learned: it only makes sure that they are JSON, and
 * gives the declared ones in the order of their declaration. Whoever reads with it takes away what is too much where none was learned yet.
 */
export class JsonReader {
  /** The last object read has just the declared fields, in that order and of those kinds. */
  exact = false
  readonly #scan: Scan = { at: 0, exact: false, value: valueAt }
  readonly #declared: readonly JsonField[]
  readonly #leavesOut: boolean
  readonly #orders: Order[] = []
  /** The one that read the last text. */
  #usual: Order | undefined
  #looks = 0
  #misses = 0
  #missed = ''

  constructor(declared: readonly JsonField[] | undefined, unknown: 'keep' | 'leave out' = 'keep') {
    this.#declared = declared ?? []
    this.#leavesOut = unknown === 'leave out' && declared !== undefined
    if (declared !== undefined) this.#compile(declared, declared)
  }

  /** Throws what JSON.parse throws. */
  read(bytes: Buffer, start: number, end: number): unknown {
    const usual = this.#usual
    if (usual !== undefined) {
      const value = usual.read(bytes, start, end) ?? this.#readUnusual(bytes, start, end)
      if (value !== undefined) {
        this.exact = (this.#usual as Order).complete && this.#scan.exact
        return value
      }
    }
    this.exact = false
    const value: unknown = JSON.parse(bytes.utf8Slice(start, end))
    if (this.#orders.length < mostOrders && this.#looks < mostLooks) this.#learn(value)
    return value
  }

  #readUnusual(bytes: Buffer, start: number, end: number): unknown {
    for (const order of this.#orders) {
      if (order === this.#usual) continue
      const value = order.read(bytes, start, end)
      if (value === undefined) continue
      this.#usual = order
      return value
    }
    return undefined
  }

  #learn(value: unknown): void {
    this.#looks++
    const seen = seenFields(value)
    if (seen === undefined) return
    const names = JSON.stringify(seen.map(({ name }) => name))
    this.#misses = names === this.#missed ? this.#misses + 1 : 1
    this.#missed = names
    if (this.#misses < missesToLearn) return
    this.#misses = 0
    if (!this.#leavesOut) this.#compile(seen, seen)
    else
      this.#compile(
        seen,
        this.#declared.filter(({ name }) => seen.some((field) => field.name === name))
      )
  }

  /** Of the fields that stand in a text, in their order, the result has `kept`, in the order of these. */
  #compile(fields: readonly JsonField[], kept: readonly JsonField[]): void {
    const steps = fields.map((field): Step => {
      const index = kept.findIndex(({ name }) => name === field.name)
      return index < 0
        ? { ...field, variable: undefined }
        : { ...(kept[index] as JsonField), variable: `v${index}` }
    })
    const object = kept.map(({ name }, index) => `${JSON.stringify(name)}: v${index}`)
    try {
      const make = new Function(
        'scan',
        'plain',
        'powers',
        `return (bytes, start, end) => {\n${code(steps, object)}}`
      )
      const read = make(this.#scan, plain, powers) as Order['read']
      const complete =
        this.#declared.length === kept.length && this.#declared.every((field, index) => field === kept[index])
      this.#usual = { read, complete }
      this.#orders.push(this.#usual)
    } catch {
      // code must not be made at run time here: JSON.parse reads
    }
  }
}

/** 1 for what stands for itself within a string: ASCII but quotes, backslashes and control characters. */
const plain = new Uint8Array(256).fill(1, 32, 127)
plain[0x22] = 0
plain[0x5c] = 0

const powers = Float64Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)

/** Strings that are cut from one text of the whole value, rather than made of their bytes each. */
const fewestToCut = 3

/*
 * The code walks `p` over the bytes. It may run past the value's end, and past the buffer's, where bytes are undefined and fit nothing: at
 * the last it must stand on the value's own closing brace, or nothing of it counts.
 */
function code(steps: readonly Step[], object: readonly string[]): string {
  const strings = steps.filter(({ kind, variable }) => kind === 'string' && variable !== undefined).length
  const cut = strings >= fewestToCut || strings > steps.length / 2
  const fields = steps.map(({ name, kind, variable }, index) => {
    const literal = Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
    const differs = [...literal].map((byte, offset) => `bytes[p + ${offset}] !== ${byte}`)
    return `if (${differs.join(' || ')}) return undefined
p += ${literal.length}
${variable === undefined ? passOver(kind) : `let ${variable}\n${valueCode[kind](variable, cut ? cutOut : madeOfBytes)}`}
`
  })
  return `let p = start, c = 0, from = 0, n = 0, negative = false, whole = 0, exact = true, ignored
${cut ? 'const text = bytes.latin1Slice(start, end)\n' : ''}${fields.join('')}
if (bytes[p] !== 0x7d || p + 1 !== end) return undefined
scan.exact = exact
return { ${object.join(', ')} }
`
}

/** The value must be JSON, but it may be of any kind. */
function passOver(kind: JsonKind): string {
  return `{
const before = exact
${valueCode[kind]('ignored', 'undefined')}
exact = before
}`
}

/** Whatever is there; `kept` says when the kind is the expected one all the same. */
function otherwise(v: string, kept = 'false'): string {
  return `${v} = scan.value(bytes, from, end)
  p = scan.at
  if (p < 0) return undefined
  if (exact) exact = ${kept}`
}

const madeOfBytes = 'bytes.latin1Slice(from, p)'
// a part of a string of 13 characters or more keeps the whole of it in memory, which may be eight times as long; shorter ones are copies
const cutOut = `p - from < 13 || (p - from) * 8 > end - start ? text.substring(from - start, p - start) : ${madeOfBytes}`

const stringCode = (v: string, value: string) => `from = p
if (bytes[p] === 0x22) p++
while (plain[bytes[p]] === 1) p++
if (bytes[p] === 0x22 && bytes[from] === 0x22) {
  from++
  ${v} = ${value}
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
