import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import {
  diffTopologyLocks,
  lockText,
  lockTopology,
  needsReset,
  readTopologyLock,
  StreamsError,
  Topology,
  type TopologyLock
} from '../index.ts'

const help = `Shows a graph, and whether a change of it fits the state that a running application has.

  npm run topology                               the retail graph in Kafka Streams' text form
  npm run -s topology -- describe --format mermaid > graph.mmd
  npm run -s topology -- describe --format json | jq '.subTopologies[].stores'
  npm run topology -- lock                       write the lock file: commit it with the change
  npm run topology -- lock --check               is the lock file that of the graph?
  npm run topology -- diff                       what changed since the lock file was written
  npm run topology -- diff old.json new.json     between two lock files
  git show main:topology/retail/topology.lock.json > old.json && npm run topology -- diff old.json
                                                 what a branch changes, for CI

  --format F     text (default), json or mermaid
  --graph M#E    module and export: a Topology, or a function that returns one
                 (default topology/retail/index.ts#retailTopology)
  --file FILE    the lock file (default topology.lock.json beside the module)
  --check        write nothing
  --help         this page

Exit code 0: nothing to do, or the change is compatible. 1: the application must be reset, or the lock file is out of date. 2: not understood.
`

type Write = (text: string) => void

/** Runs the command line; `write` takes what it prints. Returns the exit code. Throws CONFIG_INVALID for what it does not understand. */
export async function topologyCommand(args: readonly string[], write: Write): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      format: { type: 'string', default: 'text' },
      graph: { type: 'string', default: 'topology/retail/index.ts#retailTopology' },
      file: { type: 'string' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (values.help) {
    write(help)
    return 0
  }
  const [command = 'describe', ...rest] = positionals
  const [module = '', name = 'default'] = values.graph.split('#')
  const file = values.file ?? join(dirname(module), 'topology.lock.json')
  const graph = () => loadTopology(module, name)
  if (command === 'describe' && rest.length === 0) return describe(await graph(), values.format, write)
  if (command === 'lock' && rest.length === 0) return lock(await graph(), file, values.check, write)
  if (command === 'diff' && rest.length <= 2) {
    const [old = file, now] = rest
    const after = now === undefined ? lockTopology(await graph()) : readTopologyLock(now)
    return diff(readTopologyLock(old), after, write)
  }
  throw new StreamsError('CONFIG_INVALID', `not understood: ${positionals.join(' ')}; see --help`)
}

async function loadTopology(module: string, name: string): Promise<Topology> {
  const exports = (await import(pathToFileURL(module).href)) as Record<string, unknown>
  const found = exports[name]
  const topology: unknown = typeof found === 'function' ? found() : found
  if (topology instanceof Topology) return topology
  throw new StreamsError('CONFIG_INVALID', `${module} exports no topology "${name}"`)
}

function describe(topology: Topology, format: string, write: Write): number {
  const description = topology.describe()
  if (format === 'text') write(String(description))
  else if (format === 'json') write(`${JSON.stringify(description, null, 2)}\n`)
  else if (format === 'mermaid') write(description.toMermaid())
  else throw new StreamsError('CONFIG_INVALID', `--format ${format}: text, json or mermaid`)
  return 0
}

async function lock(topology: Topology, file: string, checkOnly: boolean, write: Write): Promise<number> {
  const text = lockText(lockTopology(topology))
  if (!checkOnly) {
    await writeFile(file, text)
    write(`${file} is written\n`)
    return 0
  }
  if ((await readFile(file, 'utf8')) === text) return 0
  write(
    `${file} is out of date: npm run topology -- diff shows the change, npm run topology -- lock writes it\n`
  )
  return 1
}

function diff(before: TopologyLock, after: TopologyLock, write: Write): number {
  const changes = diffTopologyLocks(before, after)
  for (const { effect, message } of changes)
    write(`${effect === 'reset' ? 'NEEDS RESET' : 'compatible '}  ${message}\n`)
  if (changes.length === 0) write('no difference that state depends on\n')
  return needsReset(changes) ? 1 : 0
}
