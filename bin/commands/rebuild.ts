import { rm } from 'node:fs/promises'
import { hasCode, StreamsError } from '../../index.ts'
import { command, jsonOption, printResult } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { graphOption, loadTopology } from '../load-export.ts'
import { stateDirectoryOf, stateOptions } from '../services.ts'
import { type StoredPart, storedParts, storedPartsOf, withPart } from '../stored-state.ts'

export const rebuild = command({
  name: 'rebuild',
  summary:
    "Has a stopped replica's stores made anew from their changelogs: shows which, and with --yes does it.",
  parameters: '[STORE]',
  details: `Deletes them on this machine; the replica restores them at its next start and shows how far it is. Nothing is lost: a store holds
nothing that its changelog, or a table's topic, does not. Stores without a changelog are left alone. The replica must be stopped
(exit code 4 otherwise). In a running one, KafkaStreams.rebuildTask does the same for a task while the others go on.`,
  options: {
    task: { type: 'string', value: 'ID', help: 'of this task only, e.g. 0_1, or global' },
    yes: { type: 'boolean', default: false, help: 'do it' },
    ...graphOption,
    ...stateOptions,
    dir: { type: 'string', value: 'DIR', default: '.local', help: 'folder that holds the state directory' },
    ...jsonOption
  },
  examples: [
    ['rebuild', 'which stores there are'],
    ['rebuild products --yes', 'one store, in all its tasks'],
    ['rebuild --task 0_1 --yes', 'all stores of a task']
  ],
  async run({ values, positionals }, terminal) {
    const [store, ...rest] = positionals
    if (rest.length > 0) throw new StreamsError('CONFIG_INVALID', `not understood: ${rest.join(' ')}`)
    const topology = await loadTopology(values)
    const location = { topology, application: values.application, stateDirectory: stateDirectoryOf(values) }
    const all = store === undefined ? await storedParts(location) : await storedPartsOf(location, store)
    const asked = all.filter(({ task }) => values.task === undefined || task === values.task)
    const parts = asked.filter(
      ({ definition: { name, logged } }) => logged || topology.sourceChangelogs.has(name)
    )
    // all are tried before the first is deleted, so that nothing happens while the replica runs
    for (const part of parts) await assertClosed(part)
    if (values.yes)
      for (const [at, { directory, task, definition }] of parts.entries()) {
        await rm(directory, { recursive: true, force: true })
        terminal.bars.update('rebuild', at + 1, parts.length, `${task} ${definition.name}`)
      }
    terminal.bars.finish()
    const named = parts.map(({ task, definition: { name } }) => ({ task, store: name }))
    const lines = [
      ...named.map(({ task, store: name }) => `${task}  ${name}`),
      values.yes
        ? `${parts.length} deleted; they are restored when the replica starts`
        : `${parts.length} would be rebuilt. Nothing was changed; --yes does it.`
    ]
    printResult(terminal, values.json, { done: values.yes, stores: named }, `${lines.join('\n')}\n`)
    return exitCodes.done.code
  }
})

/** Throws STORE_LOCKED. A damaged store is as good as a closed one. */
async function assertClosed(part: StoredPart): Promise<void> {
  try {
    await withPart(part, () => undefined)
  } catch (error) {
    if (!hasCode(error, 'STORE_CORRUPT')) throw error
  }
}
