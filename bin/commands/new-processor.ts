import { access, mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StreamsError } from '../../index.ts'
import { command, jsonOption, printResult } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { nextSteps, scaffoldAnalysis } from '../scaffold.ts'

export const newProcessor = command({
  name: 'new processor',
  summary: 'Writes a new analysis of the retail system and its test, which passes, to begin with.',
  parameters: 'NAME',
  details: 'To be run in the folder of the project. Files that are there are never overwritten.',
  options: jsonOption,
  examples: [
    ['new processor basket-sizes', 'topology/retail/basket-sizes.ts and test/retail/basket-sizes.test.ts']
  ],
  async run({ values, positionals }, terminal) {
    const [name, ...rest] = positionals
    if (name === undefined || rest.length > 0)
      throw new StreamsError('CONFIG_INVALID', 'say which NAME, such as basket-sizes')
    const files = scaffoldAnalysis(name)
    for (const { path } of files)
      if (await exists(path)) throw new StreamsError('CONFIG_INVALID', `${path} is there already`)
    for (const { path, text } of files) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text, { flag: 'wx' })
    }
    const paths = files.map(({ path }) => path)
    const written = paths.map((path) => `${path} is written\n`).join('')
    printResult(terminal, values.json, { files: paths }, `${written}\n${nextSteps(name)}`)
    return exitCodes.done.code
  }
})

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false
  )
}
