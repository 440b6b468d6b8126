import { readFileSync } from 'node:fs'
import { markdownTable } from './markdown-table.ts'

interface LockedPackage {
  readonly version: string
  readonly license?: string
  readonly dev?: boolean
  readonly optional?: boolean
}

/** Licences that ask for no more than that their text and the authors' names stay: what whoever installs the package may take on unread. */
const shipped: ReadonlySet<string> = new Set(['0BSD', 'Apache-2.0', 'BSD-3-Clause', 'ISC', 'MIT'])
/** Beside them, of programs that are run during development and that nobody is given. */
const developed: ReadonlySet<string> = new Set([...shipped, 'BlueOak-1.0.0', 'MIT OR Apache-2.0', 'MPL-2.0'])
/** Whose package.json has it in an old form, which the lock file leaves out: their licence files were read. */
const told: ReadonlyMap<string, string> = new Map(
  ['busboy', 'dicer', 'humanize-number', 'only', 'streamsearch'].map((name) => [name, 'MIT'])
)

/** The page of all dependencies' licences, made from package-lock.json. Throws for one whose licence is unknown or not allowed. */
export function licencesPage(lockFile = 'package-lock.json'): string {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>
  }
  const all = Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, locked]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      return { ...locked, name, licence: locked.license ?? told.get(name) ?? 'unknown' }
    })
  for (const { name, version, licence, dev } of all)
    if (!(dev === true ? developed : shipped).has(licence))
      throw new Error(`${name} ${version}: its licence is ${licence}, which is not among those allowed`)
  const installed = all.filter(({ dev }) => dev !== true)
  const rows = new Map(
    installed.map(({ name, version, licence }) => [`${name} ${version}`, [name, version, licence]])
  )
  const counts = new Map<string, number>()
  for (const { licence, dev } of all) if (dev === true) counts.set(licence, (counts.get(licence) ?? 0) + 1)
  return `# Licences of the dependencies

Store-SKU itself: [Apache-2.0](../LICENSE). This page is made from \`package-lock.json\`
(\`npx vitest run test/docs/reference.test.ts -u\` writes it); a test keeps it equal to it, and fails for a licence that is not among those
listed here. Names are SPDX's. With versions, checksums and who needs what: [SBOM](security.md#what-it-is-made-of).

## What an installation brings

Engines' binaries for other machines than yours are among them.

${markdownTable(
  ['package', 'version', 'licence'],
  [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
)}

## What only development uses

${markdownTable(
  ['licence', 'packages'],
  [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([licence, count]) => [licence, String(count)])
)}
`
}
