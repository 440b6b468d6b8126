import { readFile, writeFile } from 'node:fs/promises'
import { lockText, lockTopology } from '../../index.ts'
import { command, jsonOption, printResult } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { graphOption, loadTopology } from '../load-export.ts'
import { lockFileOf, lockOption } from '../lock-option.ts'

export const lock = command({
  name: 'lock',
  summary: 'Writes the lock file of a graph: what its state depends on. Commit it with the change.',
  options: {
    check: {
      type: 'boolean',
      default: false,
      help: 'write nothing; exit code 1 if it is not that of the graph'
    },
    ...graphOption,
    ...lockOption,
    ...jsonOption
  },
  examples: [
    ['lock', 'write it'],
    ['lock --check', 'for CI: is it up to date?']
  ],
  async run({ values }, terminal) {
    const file = lockFileOf(values.graph, values.file)
    const text = lockText(lockTopology(await loadTopology(values)))
    const current = (await readFile(file, 'utf8').catch(() => undefined)) === text
    if (!values.check && !current) await writeFile(file, text)
    const says = current
      ? 'is up to date'
      : values.check
        ? 'is out of date: store-sku diff shows the change, store-sku lock writes it'
        : 'is written'
    printResult(
      terminal,
      values.json,
      { file, current, written: !values.check && !current },
      `${file} ${says}\n`
    )
    return values.check && !current ? exitCodes.no.code : exitCodes.done.code
  }
})
