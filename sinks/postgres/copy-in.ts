import type { ClientBase } from 'pg'
import type { RowChange } from '../tables/row-changes.ts'

/** The messages of the protocol that the driver's connection sends, and no query of the driver's own uses. */
interface CopyConnection {
  query(text: string): void
  sendCopyFromChunk(bytes: Buffer): void
  endCopyFrom(): void
}

/**
 * A `COPY ... FROM STDIN` whose bytes are all there, in the form in which the driver queues queries: submitted, told of each message.
 * The driver wraps `callback` with its timeout, so every end goes through it.
 */
class CopyIn {
  callback: (error: Error | null) => void
  readonly #statement: string
  readonly #bytes: Buffer

  constructor(statement: string, bytes: Buffer, callback: (error: Error | null) => void) {
    this.#statement = statement
    this.#bytes = bytes
    this.callback = callback
  }

  submit(connection: CopyConnection): void {
    connection.query(this.#statement)
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.#bytes)
    connection.endCopyFrom()
  }

  handleCommandComplete(): void {}

  handleError(error: Error): void {
    this.callback(error)
  }

  handleReadyForQuery(): void {
    this.callback(null)
  }
}

export function copyIn(client: ClientBase, statement: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // the driver's types know no query but its own
    client.query(
      new CopyIn(statement, bytes, (error) => (error === null ? resolve() : reject(error))) as never
    )
  })
}

const special = /[\\\n\r\t]/
const names: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A field of COPY's text form, from an element of an array literal. */
function copyField(element: string): string {
  if (element === 'NULL') return '\\N'
  if (!element.startsWith('"')) return element
  const quoted = element.slice(1, -1)
  const text = quoted.includes('\\') ? quoted.replace(/\\(.)/gs, '$1') : quoted
  return special.test(text) ? text.replace(/[\\\n\r\t]/g, (found) => names[found] as string) : text
}

/** The rows in COPY's text form. */
export function copyLines(changes: readonly RowChange[]): Buffer {
  let text = ''
  for (const { elements } of changes) {
    for (let at = 0; at < elements.length; at++)
      text += (at === 0 ? '' : '\t') + copyField(elements[at] as string)
    text += '\n'
  }
  return Buffer.from(text)
}
