import type { ByteTarget } from '../bytes.ts'
import { StreamsError } from '../errors.ts'
import { writeNumber, writePlainText } from './json-scalars.ts'
import { seenFields } from './json-shape.ts'

/** Writes an object at `at` and returns the end; -1 for one with other fields or another order. */
type Write = (value: object, target: ByteTarget, at: number) => number

/** Orders of fields that are compiled: an object literal here, another one there. */
const mostOrders = 4
/** Values in a row with the same new order before it is compiled: a dictionary's names never come again. */
const missesToLearn = 4
/** Values that are looked at for a new order. */
const mostLooks = 1_000
/** What a field's value takes at most unless it is written by `writeText`. */
const mostScalarBytes = 66

/**
 * Writes what JSON.stringify gives, as UTF-8, with code made for objects of the fields that were met before: names as bytes, numbers and short
 * strings straight into the target. Objects with other fields, with a `toJSON`, and whatever is no object are left to JSON.stringify.
 */
export class JsonWriter {
  readonly #writes: Write[] = []
  #looks = 0
  #misses = 0
  #missed = ''

  /** Throws SERIALIZATION for what has no JSON form, and what JSON.stringify throws. */
  write(value: unknown, target: ByteTarget, at: number): number {
    if (typeof value === 'object' && value !== null) {
      const writes = this.#writes
      for (let i = 0; i < writes.length; i++) {
        const end = (writes[i] as Write)(value, target, at)
        if (end >= 0) return end
      }
      if (writes.length < mostOrders && this.#looks < mostLooks) this.#learn(value)
    }
    const text = JSON.stringify(value)
    if (text === undefined) throw new StreamsError('SERIALIZATION', `${typeof value} has no JSON form`)
    return writeText(target, at, text, 0)
  }

  #learn(value: object): void {
    this.#looks++
    const names = seenFields(value)?.map(({ name }) => name)
    if (names === undefined) return
    const order = JSON.stringify(names)
    this.#misses = order === this.#missed ? this.#misses + 1 : 1
    this.#missed = order
    if (this.#misses < missesToLearn) return
    this.#misses = 0
    const write = compile(names)
    if (write !== undefined) this.#writes.push(write)
  }
}

/** Undefined where code must not be made at run time. */
function compile(names: readonly string[]): Write | undefined {
  try {
    const make = new Function(
      'names',
      'writePlainText',
      'writeNumber',
      'writeOther',
      `return (value, target, at) => {\n${code(names)}}`
    )
    return make(names, writePlainText, writeNumber, writeOther) as Write
  } catch {
    return undefined
  }
}

/*
 * for-in gives the names in JSON.stringify's order, and those of a prototype, which then are too many. Room is made for all that is short at
 * once; a longer text makes room for itself and for the rest.
 */
function code(names: readonly string[]): string {
  const literals = names.map((name, index) =>
    Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  )
  const room = literals.reduce((sum, { length }) => sum + length + mostScalarBytes, 1)
  const steps = names.map((name, index) => {
    const literal = literals[index] as Buffer
    const stores = [...literal].map((byte, offset) => `buffer[p + ${offset}] = ${byte}`)
    return `${stores.join('\n')}
p += ${literal.length}
v = value[${JSON.stringify(name)}]
end = typeof v === 'string' ? writePlainText(buffer, p, v) : typeof v === 'number' ? writeNumber(buffer, p, v) : -1
if (end < 0) {
  end = writeOther(target, p, v, ${room})
  if (end < 0) return -1
  buffer = target.buffer
}
p = end
`
  })
  return `if (value.toJSON !== undefined) return -1
let count = 0
for (const name in value) if (name !== names[count++]) return -1
if (count !== ${names.length}) return -1
target.reserve(at, ${room})
let buffer = target.buffer, p = at, end = 0, v
${steps.join('')}buffer[p] = 0x7d
return p + 1
`
}

/** Any value of a field, and room for `more` bytes behind it; -1 for what leaves its field out, or is asked with its field's name. */
function writeOther(target: ByteTarget, at: number, value: unknown, more: number): number {
  if (typeof value === 'object' && value !== null && 'toJSON' in value && !(value instanceof Date)) return -1
  if (typeof value === 'bigint') return -1
  const text = JSON.stringify(value)
  return text === undefined ? -1 : writeText(target, at, text, more)
}

function writeText(target: ByteTarget, at: number, text: string, more: number): number {
  // the exact size costs another pass: not worth it where three bytes a character are little
  const size = text.length < 1024 ? text.length * 3 : Buffer.byteLength(text)
  target.reserve(at, size + more)
  return at + target.buffer.utf8Write(text, at)
}
