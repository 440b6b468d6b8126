import { StreamsError } from '../../index.ts'
import { command, jsonOption } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { graphOption, loadTopology } from '../load-export.ts'
import { stateDirectoryOf, stateOptions } from '../services.ts'
import { entriesOfKey, entryJson, parseKey } from '../stored-entries.ts'
import { storedPartsOf, withPart } from '../stored-state.ts'

export const stateGet = command({
  name: 'state get',
  summary: "Shows what a stopped replica's store has of a key.",
  parameters: 'STORE KEY',
  details: `Its value, or its windows, sessions or versions, one object a line. What a commit has left, that is: a store on disk never has
more. The replica must be stopped (exit code 4 otherwise); the store is left as it is. Exit code 1: it has nothing.`,
  options: {
    ...graphOption,
    ...stateOptions,
    dir: { type: 'string', value: 'DIR', default: '.local', help: 'folder that holds the state directory' },
    ...jsonOption
  },
  examples: [
    ['state get products US/sku-1', 'a product'],
    [
      'state get sku-days US/sku-1/US/2026-03-02 --state /data/state',
      'of a replica with another state directory'
    ]
  ],
  async run({ values, positionals }, terminal) {
    const [store, text, ...rest] = positionals
    if (store === undefined || text === undefined || rest.length > 0)
      throw new StreamsError('CONFIG_INVALID', 'say which STORE and which KEY; see --help')
    const location = {
      topology: await loadTopology(values),
      application: values.application,
      stateDirectory: stateDirectoryOf(values)
    }
    let found = 0
    for (const part of await storedPartsOf(location, store)) {
      const key = parseKey(text, part.definition.key)
      const lines = await withPart(part, (opened) =>
        [...entriesOfKey(opened, part.definition, key)].map((entry) =>
          entryJson({ task: part.task, ...entry })
        )
      )
      found += lines.length
      for (const line of lines) terminal.print(`${line}\n`)
    }
    if (found === 0) terminal.bars.log(`${store} has nothing of ${text} in ${location.stateDirectory}`)
    return found === 0 ? exitCodes.no.code : exitCodes.done.code
  }
})
