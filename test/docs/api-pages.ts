import { type Declared, declaredAt, exportsOf, type Member } from './declared-exports.ts'
import { markdownTable } from './markdown-table.ts'

interface Page {
  readonly file: string
  readonly title: string
  readonly introduction: string
  /** Of the files whose exports it has. */
  readonly folders: RegExp
}

const pages: readonly Page[] = [
  {
    file: 'graph.md',
    title: 'Graphs',
    introduction:
      'What a topology is declared with, and what describes and locks it. By example: [operators](../../operators.md).',
    folders: /^(topology|processors)\//
  },
  {
    file: 'records.md',
    title: 'Records, serdes, topics, windows, errors',
    introduction: 'What all the rest speaks of.',
    folders: /^core\//
  },
  {
    file: 'running.md',
    title: 'Running an application',
    introduction:
      'Settings with their defaults: [configuration](../configuration.md). Errors: [errors](../../errors.md).',
    folders: /^(runtime|http)\//
  },
  {
    file: 'stores.md',
    title: 'Stores',
    introduction: 'What processors and interactive queries read and write.',
    folders: /^state\//
  },
  {
    file: 'sinks.md',
    title: 'Sinks',
    introduction: 'What carries results into databases and files.',
    folders: /^sinks\//
  },
  {
    file: 'kafka.md',
    title: 'Kafka',
    introduction: 'The client, for programs that read and write topics by themselves.',
    folders: /^kafka\//
  }
]
const testing: Page = {
  file: 'testing.md',
  title: 'Testing',
  introduction: 'Imported from `store-sku/testing`: a graph without a broker, driven record by record.',
  folders: /./
}

/** The reference of all that the package exports, made from declarations and docstrings: texts by file name. */
export function apiPages(): ReadonlyMap<string, string> {
  const all = exportsOf('index.ts')
  const lost = all.filter(({ file }) => !pages.some(({ folders }) => folders.test(file)))
  if (lost.length > 0) throw new Error(`no page has ${lost.map(({ name }) => name).join(', ')}`)
  const listed = [
    ...pages.map((page) => [page, all.filter(({ file }) => page.folders.test(file))] as const),
    [testing, exportsOf('testing.ts')] as const
  ]
  const shown = new Set(listed.flatMap(([, declared]) => declared.map(identity)))
  return new Map([
    ['README.md', overview(listed)],
    ...listed.map(
      ([page, declared]) => [page.file, pageText(page, declared, named(declared, shown))] as const
    )
  ])
}

/** What only the runtime looks at, though it is within reach. */
const inner = new Set([
  'GraphNode',
  'SourceNode',
  'SinkNode',
  'RepartitionNode',
  'SubTopology',
  'GlobalStore',
  'StateStore',
  'Engine',
  'ResolvedConfig'
])

/** Types that are not exported by name, but that what is exported speaks of; each on the first page that needs it. */
function named(declared: readonly Declared[], shown: Set<string>): readonly Declared[] {
  const found: Declared[] = []
  for (const one of [...declared]) visit(one)
  return found

  function visit({ refers }: Declared): void {
    for (const place of refers) {
      if (shown.has(identity(place)) || inner.has(place.name)) continue
      shown.add(identity(place))
      const other = declaredAt(place.file, place.name)
      found.push(other)
      visit(other)
    }
  }
}

function identity({ file, name }: { readonly file: string; readonly name: string }): string {
  return `${file}#${name}`
}

const made =
  'These pages are made from the declarations and their docstrings (`npx vitest run test/docs/reference.test.ts -u` writes them); a test keeps them equal.'

function overview(listed: readonly (readonly [Page, readonly Declared[]])[]): string {
  const parts = listed.map(([{ file, title, introduction }, declared]) => {
    const anchors = anchorsOf(declared)
    const lines = declared.map(({ name, text }, index) => {
      const first = firstSentence(text)
      return `- [\`${name}\`](${file}#${anchors[index]})${first === '' ? '' : `: ${first}`}`
    })
    return `## [${title}](${file})\n\n${introduction}\n\n${lines.join('\n')}`
  })
  return `# API\n\nAll that \`store-sku\` and \`store-sku/testing\` export. ${made}\n\n${parts.join('\n\n')}\n`
}

function pageText(
  { title, introduction }: Page,
  declared: readonly Declared[],
  others: readonly Declared[]
): string {
  const parts = declared.map(section)
  const more =
    others.length === 0
      ? []
      : [
          '# Types that these name',
          'They need no import: they follow from what is written.',
          ...others.map(section)
        ]
  return `# ${title}\n\n${introduction} All exports: [API](README.md).\n\n${[...parts, ...more].join('\n\n')}\n`
}

function section({ name, kind, file, text, signature, members }: Declared): string {
  const properties = members.filter(({ isProperty }) => isProperty)
  const methods = members.filter(({ isProperty }) => !isProperty)
  const parts = [
    `## ${name}`,
    `${kind}, declared in [\`${file}\`](../../../${file})`,
    prose(text),
    code(signature),
    propertiesTable(properties),
    ...methods.map((method) => methodText(name, method))
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function propertiesTable(properties: readonly Member[]): string {
  if (properties.length === 0) return ''
  const rows = properties.flatMap(({ name, signatures }) =>
    signatures.map(({ signature, text }) => {
      const [, optional = '', type = ''] = /^[^:?(]*(\??)(?:\(\))?: ([\s\S]+)$/.exec(signature) ?? []
      return [`\`${name}${optional}\``, type === '' ? '' : `\`${oneLine(type)}\``, oneLine(text)]
    })
  )
  return markdownTable(['property', 'type', 'meaning'], rows)
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

/** Each overload before what is said of it; one of which nothing is said stands with the one before. */
function methodText(owner: string, { name, signatures }: Member): string {
  const groups: { readonly lines: string[]; readonly text: string }[] = []
  for (const { signature, text } of signatures) {
    const before = groups.at(-1)
    if (text === '' && before !== undefined) before.lines.push(signature)
    else groups.push({ lines: [signature], text })
  }
  const parts = groups.flatMap(({ lines, text }) => [
    code(lines.join('\n')),
    ...(text === '' ? [] : [prose(text)])
  ])
  const title = name === 'constructor' ? `new ${owner}` : `${owner}.${name}`
  return [`### ${title}`, ...parts].join('\n\n')
}

/** Docstrings set what is no prose two spaces in. */
function prose(text: string): string {
  return text
    .split('\n\n')
    .map((part) =>
      /^(?: {2}.*\n?)+$/.test(part) ? `\`\`\`text\n${part.replaceAll(/^ {2}/gm, '')}\n\`\`\`` : part
    )
    .join('\n\n')
}

function code(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\``
}

/** As GitHub makes them of headings: what is written alike but for capitals is numbered. */
function anchorsOf(declared: readonly Declared[]): readonly string[] {
  const names = declared.map(({ name }) => name.toLowerCase())
  return names.map((name, index) => {
    const before = names.slice(0, index).filter((other) => other === name).length
    return before === 0 ? name : `${name}-${before}`
  })
}

function firstSentence(text: string): string {
  const [paragraph = ''] = text.split('\n\n')
  const [sentence = ''] = /^.*?(?:[.:](?=\s|$)|$)/s.exec(paragraph) ?? []
  return sentence.replaceAll(/\s+/g, ' ').replace(/:$/, '.')
}
