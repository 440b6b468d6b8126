/**
 * The key of a ledger: its parts, joined by slashes. Slashes within a part (a country or a code may be called anything) are written as %2F, so that
 * different parts make different keys and `ledgerParts` finds them again.
 */
export function ledgerKey(...parts: readonly string[]): string {
  let key = ''
  for (const part of parts) key = key === '' ? escaped(part) : `${key}/${escaped(part)}`
  return key
}

export function ledgerParts(key: string): string[] {
  return key.split('/').map(ledgerPart)
}

/** A part as it was before it became one of a key. */
export function ledgerPart(part: string): string {
  return part.includes('%') ? part.replaceAll('%2F', '/').replaceAll('%25', '%') : part
}

function escaped(part: string): string {
  if (!part.includes('/') && !part.includes('%')) return part
  return part.replaceAll('%', '%25').replaceAll('/', '%2F')
}
