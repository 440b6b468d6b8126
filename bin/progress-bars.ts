import type { WriteStream } from 'node:tty'
import type { Logger } from '../index.ts'

interface Bar {
  done: number
  total: number
  note: string
}

const width = 28
const redrawMs = 100
const printMs = 5000

/**
 * Several progress bars below the log. On a terminal they are redrawn in place; elsewhere a line is printed per bar every five seconds
 * while it moves, and at its end.
 */
export class ProgressBars {
  readonly #out: WriteStream
  readonly #bars = new Map<string, Bar>()
  readonly #printed = new Map<string, string>()
  #lines = 0
  #lastDraw = 0

  constructor(out: WriteStream) {
    this.#out = out
  }

  update(name: string, done: number, total: number, note = ''): void {
    this.#bars.set(name, { done, total, note })
    const now = performance.now()
    if (now - this.#lastDraw >= (this.#out.isTTY ? redrawMs : printMs)) this.draw()
  }

  /** Prints a line above the bars. */
  log(line: string): void {
    this.#erase()
    this.#out.write(`${line}\n`)
    if (this.#out.isTTY) this.draw()
  }

  draw(): void {
    this.#lastDraw = performance.now()
    this.#erase()
    for (const [name, bar] of this.#bars) {
      const line = describe(name, bar, this.#out.isTTY)
      if (!this.#out.isTTY && this.#printed.get(name) === line) continue
      this.#printed.set(name, line)
      this.#out.write(`${line}\n`)
      if (this.#out.isTTY) this.#lines++
    }
  }

  /** Draws the bars a last time and leaves them where they are. */
  finish(): void {
    this.draw()
    this.#bars.clear()
    this.#lines = 0
  }

  #erase(): void {
    if (this.#lines > 0) this.#out.write(`\u001b[${this.#lines}A\u001b[0J`)
    this.#lines = 0
  }
}

function describe(name: string, { done, total, note }: Bar, bar: boolean): string {
  const share = total === 0 ? 0 : Math.min(1, done / total)
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  const filled = Math.round(share * width)
  const picture = bar ? ` ${'█'.repeat(filled)}${'░'.repeat(width - filled)}` : ''
  return `${name.padEnd(9)}${picture} ${percent}  ${note}`
}

/** A logger that prints above the bars. */
export function barLogger(bars: ProgressBars): Logger {
  return {
    info: (message) => bars.log(message),
    warn: (message) => bars.log(`warning: ${message}`),
    error: (message) => bars.log(`error: ${message}`)
  }
}
