import { readdirSync, readFileSync } from 'node:fs'

/** A command line as a page prints it, without the remark behind it. */
export interface DocumentedCommand {
  readonly page: string
  readonly line: string
  /**
   * - `quick`: runs to its end in seconds
   * - `stays`: runs until it is stopped
   * - `slow`: takes minutes, or starts services: only its options are looked up
   */
  readonly pace: 'quick' | 'stays' | 'slow'
  /** The quick lines above it in its block, whose outcome it may go by. */
  readonly after: readonly string[]
}

/** The commands in the `sh` blocks of the README and of the pages in docs/, in order. */
export function documentedCommands(): readonly DocumentedCommand[] {
  const pages = readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
  return ['README.md', ...pages].flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => {
      const lines = block
        .split('\n')
        .map((line) => line.replace(/\s+#.*$/, '').trim())
        .filter((line) => line !== '')
      return lines.map((line, index) => ({
        page,
        line,
        pace: paceOf(line),
        after: lines.slice(0, index).filter((earlier) => paceOf(earlier) === 'quick')
      }))
    })
  )
}

function paceOf(line: string): DocumentedCommand['pace'] {
  if (line.startsWith('npx store-sku run')) return 'stays'
  return line.startsWith('npx ') ? 'quick' : 'slow'
}
