import type { Line } from './line.ts'

/** The line item of a CSV line (RFC 4180 quotes), or null if it is not valid. */
export function parseLine(text: string): Line | null {
  const fields = text.includes('"') ? splitQuoted(text) : text.split(',')
  if (fields?.length !== 9) return null
  const [
    country = '',
    storeId = '',
    sku = '',
    qtyText,
    priceText,
    tsText,
    invoice = '',
    category = '',
    description = ''
  ] = fields
  if (country.length !== 2 || storeId === '' || sku === '') return null
  const qty = Number(qtyText)
  const price = Number(priceText)
  const ts = Number(tsText)
  if (!Number.isInteger(qty) || qty === 0 || !(price >= 0) || !Number.isInteger(ts)) return null
  return { country, storeId, sku, qty, price, ts, invoice, category, description }
}

function splitQuoted(text: string): string[] | undefined {
  const fields: string[] = []
  for (let at = 0; ; at++) {
    if (text[at] === '"') {
      let field = ''
      let close = text.indexOf('"', at + 1)
      for (let from = at + 1; ; close = text.indexOf('"', from)) {
        if (close < 0) return undefined
        field += text.slice(from, close)
        if (text[close + 1] !== '"') break
        field += '"'
        from = close + 2
      }
      fields.push(field)
      at = close + 1
      if (at < text.length && text[at] !== ',') return undefined
    } else {
      const comma = text.indexOf(',', at)
      const end = comma < 0 ? text.length : comma
      fields.push(text.slice(at, end))
      at = end
    }
    if (at >= text.length) return fields
  }
}
