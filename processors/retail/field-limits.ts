/**
 * Most bytes (UTF-8) of a field that is, or may become, part of a record's key: SKUs, numbers of invoices and customers, categories. A key has at
 * most three of them, and must fit into an `_id` of Elasticsearch (512 bytes; `country/sku`) and an index entry of PostgreSQL (about 2,700).
 */
export const longestId = 256

/** Most bytes (UTF-8) of any other text. All the texts of a row together, with every character escaped in JSON, are far below Kafka's 1 MiB. */
export const longestText = 4096

/** Whether the text has more bytes of UTF-8. */
export function isLonger(text: string, bytes: number): boolean {
  // most texts are so short, or so long, that their bytes need not be counted
  return text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text, 'utf8') > bytes)
}

const longestQuote = 60

/** A field's text in a reason, not too long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text)
}
