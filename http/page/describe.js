/* How figures are said. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** @param {number} number */
export function number(number) {
  return whole.format(number)
}

/** For narrow places. @param {number} number */
export function compact(number) {
  return number < 10_000 ? whole.format(number) : short.format(number)
}

/** @param {number} number @param {string} what */
export function count(number, what) {
  return `${whole.format(number)} ${what}${number === 1 ? '' : 's'}`
}

/** @param {number} perSecond */
export function rate(perSecond) {
  if (perSecond > 0 && perSecond < 10) return `${tenths.format(perSecond)}/s`
  return `${compact(perSecond)}/s`
}

/** @param {number} part 0 to 1 */
export function percent(part) {
  // 100 % is for what is done
  return `${Math.min(99, Math.floor(part * 100))} %`
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  let value = bytes
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${tenths.format(value)} ${units[unit]}`
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds === 0) return '0 s'
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}

/** @param {number} at ms */
export function clock(at) {
  return new Date(at).toLocaleTimeString('en-GB')
}

/** @param {string} text @param {number} most characters */
export function shortened(text, most) {
  if (text.length <= most) return text
  const kept = most - 1
  // what tells names apart is at both of their ends
  return `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`
}
