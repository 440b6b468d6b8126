import { StreamsError } from '../../index.ts'
import { command, jsonOption } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { graphOption, loadTopology } from '../load-export.ts'
import { numberOption } from '../number-option.ts'
import { stateDirectoryOf, stateOptions } from '../services.ts'
import { entriesBetween, entryJson, parseKey } from '../stored-entries.ts'
import { storedPartsOf, withPart } from '../stored-state.ts'

export const stateScan = command({
  name: 'state scan',
  summary: "Shows the entries of a stopped replica's store, one object a line.",
  parameters: 'STORE',
  details:
    'Task by task, each in the order of the bytes of its keys. The replica must be stopped; the store is left as it is.',
  options: {
    from: { type: 'string', value: 'KEY', help: 'the first key (default: all)' },
    to: { type: 'string', value: 'KEY', help: 'the last key, itself included (default: all)' },
    limit: { type: 'string', value: 'N', default: '100', help: 'at most so many entries in all' },
    task: { type: 'string', value: 'ID', help: 'of this task only, e.g. 0_1' },
    ...graphOption,
    ...stateOptions,
    dir: { type: 'string', value: 'DIR', default: '.local', help: 'folder that holds the state directory' },
    ...jsonOption
  },
  examples: [
    ['state scan products --limit 5', 'the first five'],
    ['state scan products --from US/ --to US0', 'those whose keys begin with US/']
  ],
  async run({ values, positionals }, terminal) {
    const [store, ...rest] = positionals
    const limit = numberOption('limit', values.limit)
    if (store === undefined || rest.length > 0)
      throw new StreamsError('CONFIG_INVALID', 'say which STORE; see --help')
    const location = {
      topology: await loadTopology(values),
      application: values.application,
      stateDirectory: stateDirectoryOf(values)
    }
    const parts = await storedPartsOf(location, store)
    let left = limit
    for (const part of parts.filter(({ task }) => values.task === undefined || task === values.task)) {
      const bound = (text: string | undefined) =>
        text === undefined ? null : parseKey(text, part.definition.key)
      await withPart(part, (opened) => {
        if (left === 0) return
        for (const entry of entriesBetween(opened, part.definition, bound(values.from), bound(values.to))) {
          terminal.print(`${entryJson({ task: part.task, ...entry })}\n`)
          if (--left === 0) return
        }
      })
    }
    if (left === 0) terminal.bars.log(`stopped after ${limit} entries: --limit shows more`)
    return exitCodes.done.code
  }
})
