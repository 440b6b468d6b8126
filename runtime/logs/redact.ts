const hidden = '[hidden]'

/** Settings and fields whose values are secrets, whatever they stand in. */
const secretNames =
  'password|passwd|secret|token|authorization|api[-_]?key|access[-_]?key|session[-_]?token|sasl[-_.]?jaas[-_.]?config'

const patterns: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, `$1:${hidden}@`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/g, `$1 ${hidden}`],
  // name=value, name: value, "name":"value"
  [
    new RegExp(`\\b([a-z_.-]*(?:${secretNames})["']?\\s*[=:]\\s*)("[^"]*"|'[^']*'|[^\\s,;&}]+)`, 'gi'),
    `$1${hidden}`
  ],
  // what a query of a signed address proves itself with
  [/\b(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s]+/gi, `$1${hidden}`]
]

/** A text without the secrets that stand in it by their usual forms: in addresses, headers and settings. */
export function withoutSecrets(text: string): string {
  return patterns.reduce((left, [pattern, replacement]) => left.replace(pattern, replacement), text)
}

/** A text without the piece of a record that JavaScript's own messages about JSON quote. */
export function withoutContents(text: string): string {
  return text.replace(
    /(?:Unexpected token .{1,12}, )?(?:\.\.\.)?"(?:[^"\\]|\\.|"(?!(?:\.\.\.)? is not valid JSON))*"(?:\.\.\.)? is not valid JSON/gs,
    'the text is not valid JSON'
  )
}
