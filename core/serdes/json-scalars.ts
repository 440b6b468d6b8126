/** Longer strings are written by the engine. */
const longestByHand = 64

const quote = 0x22
const backslash = 0x5c
const minus = 0x2d
const point = 0x2e
const zero = 0x30

/** Writes a short string of plain ASCII in quotes and returns the end; -1 for any other. There must be room for 66 bytes. */
export function writePlainText(buffer: Buffer, at: number, text: string): number {
  const { length } = text
  if (length > longestByHand) return -1
  buffer[at] = quote
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 32 || unit > 126 || unit === quote || unit === backslash) return -1
    buffer[at + 1 + i] = unit
  }
  buffer[at + 1 + length] = quote
  return at + length + 2
}

/** Writes a number as JSON.stringify does, and returns the end. There must be room for 25 bytes. */
export function writeNumber(buffer: Buffer, at: number, value: number): number {
  if ((value | 0) === value) return writeInteger(buffer, at, value)
  if (value < 1e15 && value > -1e15) {
    if (Math.floor(value) === value) return writeInteger(buffer, at, value)
    // Two decimals, as of money. A decimal of up to 15 digits that is this double is also the shortest one that is.
    const hundredths = Math.round(value * 100)
    if (hundredths / 100 === value && hundredths < 1e15 && hundredths > -1e15)
      return writeHundredths(buffer, at, hundredths)
  }
  const text = Number.isFinite(value) ? String(value) : 'null'
  for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i)
  return at + text.length
}

/** Of up to 15 digits. */
function writeInteger(buffer: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  if (rest < 0) {
    buffer[at++] = minus
    rest = -rest
  }
  if (rest < 1e8) return writeDigits(buffer, at, rest, digitsOf(rest))
  // in two parts, each of which fits into 32 bits
  const high = Math.floor(rest / 1e8)
  at = writeDigits(buffer, at, high, digitsOf(high))
  return writeDigits(buffer, at, rest - high * 1e8, 8)
}

function writeHundredths(buffer: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  if (rest < 0) {
    buffer[at++] = minus
    rest = -rest
  }
  const whole = Math.floor(rest / 100)
  const decimals = rest - whole * 100
  at = writeInteger(buffer, at, whole)
  buffer[at++] = point
  const tenths = (decimals / 10) | 0
  buffer[at++] = zero + tenths
  if (decimals !== tenths * 10) buffer[at++] = zero + decimals - tenths * 10
  return at
}

function digitsOf(value: number): number {
  if (value < 10) return 1
  if (value < 100) return 2
  if (value < 1000) return 3
  if (value < 1e4) return 4
  if (value < 1e5) return 5
  if (value < 1e6) return 6
  return value < 1e7 ? 7 : 8
}

/** The last `digits` digits, with leading zeros. */
function writeDigits(buffer: Buffer, at: number, value: number, digits: number): number {
  let rest = value | 0
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0
    buffer[i] = zero + rest - tenth * 10
    rest = tenth
  }
  return at + digits
}
