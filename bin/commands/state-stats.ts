import { StreamsError } from '../../index.ts'
import { command, jsonOption, printResult } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { graphOption, loadTopology } from '../load-export.ts'
import { stateDirectoryOf, stateOptions } from '../services.ts'
import { entriesBetween } from '../stored-entries.ts'
import { type StoredPart, storedParts, storedPartsOf, withPart } from '../stored-state.ts'
import { table } from '../text-table.ts'

interface PartStats {
  readonly task: string
  readonly store: string
  readonly kind: string
  readonly engine: string
  /** Bytes in files of sorted entries. */
  readonly tableBytes: number | null
  /** The next changelog offset to restore; null: the store has never committed, or has no changelog. */
  readonly checkpoint: number | null
  /** When the last batch was written, ISO 8601. */
  readonly committedAt: string | null
  /** With `--count`, of a store that can be scanned. */
  readonly entries?: number
}

export const stateStats = command({
  name: 'state stats',
  summary: "Shows how large a stopped replica's stores are and where they stand in their changelogs.",
  parameters: '[STORE]',
  details: 'The replica must be stopped (exit code 4 otherwise); the stores are left as they are.',
  options: {
    count: { type: 'boolean', default: false, help: 'count the entries too, which reads all of them' },
    ...graphOption,
    ...stateOptions,
    dir: { type: 'string', value: 'DIR', default: '.local', help: 'folder that holds the state directory' },
    ...jsonOption
  },
  examples: [
    ['state stats', 'all stores of all tasks'],
    ['state stats products --count --json', 'one, with its entries counted']
  ],
  async run({ values, positionals }, terminal) {
    const [store, ...rest] = positionals
    if (rest.length > 0) throw new StreamsError('CONFIG_INVALID', `not understood: ${rest.join(' ')}`)
    const location = {
      topology: await loadTopology(values),
      application: values.application,
      stateDirectory: stateDirectoryOf(values)
    }
    const parts = store === undefined ? await storedParts(location) : await storedPartsOf(location, store)
    const stats: PartStats[] = []
    for (const part of parts) {
      stats.push(await statsOf(part, values.count))
      terminal.bars.update('stores', stats.length, parts.length, `${part.task} ${part.definition.name}`)
    }
    terminal.bars.finish()
    const rows = stats.map(
      ({ task, store: name, kind, engine, tableBytes, checkpoint, committedAt, entries }) => [
        task,
        name,
        kind,
        engine,
        tableBytes,
        checkpoint,
        committedAt,
        ...(values.count ? [entries] : [])
      ]
    )
    const head = ['task', 'store', 'kind', 'engine', 'table bytes', 'checkpoint', 'committed at']
    printResult(terminal, values.json, stats, table([...head, ...(values.count ? ['entries'] : [])], rows))
    return exitCodes.done.code
  }
})

function statsOf(part: StoredPart, count: boolean): Promise<PartStats> {
  return withPart(part, (store, engine) => ({
    task: part.task,
    store: part.definition.name,
    kind: part.definition.kind,
    engine: engine.kind,
    tableBytes: engine.properties().tableBytes ?? null,
    checkpoint: store.checkpoint?.topicId ? store.checkpoint.offset : null,
    committedAt: store.committedAt < 0 ? null : new Date(store.committedAt).toISOString(),
    ...(count && part.definition.kind !== 'versioned'
      ? { entries: lengthOf(entriesBetween(store, part.definition, null, null)) }
      : {})
  }))
}

function lengthOf(entries: Iterable<unknown>): number {
  let length = 0
  for (const _ of entries) length++
  return length
}
