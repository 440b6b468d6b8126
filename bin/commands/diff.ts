import { diffTopologyLocks, lockTopology, needsReset, readTopologyLock, StreamsError } from '../../index.ts'
import { command, jsonOption, printResult } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { graphOption, loadTopology } from '../load-export.ts'
import { lockFileOf, lockOption } from '../lock-option.ts'

export const diff = command({
  name: 'diff',
  summary: 'Says whether a changed graph fits the state that a running application has.',
  parameters: '[OLD [NEW]]',
  details:
    "Between the lock file and the graph, or between lock files. Exit code 1: the application's state does not survive the change.",
  options: { ...graphOption, ...lockOption, ...jsonOption },
  examples: [
    ['diff', 'what changed since the lock file was written'],
    ['diff old.json new.json', 'between two lock files']
  ],
  async run({ values, positionals }, terminal) {
    if (positionals.length > 2)
      throw new StreamsError('CONFIG_INVALID', `not understood: ${positionals.slice(2).join(' ')}`)
    const [old = lockFileOf(values.graph, values.file), now] = positionals
    const before = readTopologyLock(old)
    const after = now === undefined ? lockTopology(await loadTopology(values)) : readTopologyLock(now)
    const changes = diffTopologyLocks(before, after)
    const reset = needsReset(changes)
    const lines = changes.map(
      ({ effect, message }) => `${effect === 'reset' ? 'NEEDS RESET' : 'compatible '}  ${message}\n`
    )
    const text = lines.length === 0 ? 'no difference that state depends on\n' : lines.join('')
    printResult(terminal, values.json, { needsReset: reset, changes }, text)
    return reset ? exitCodes.no.code : exitCodes.done.code
  }
})
