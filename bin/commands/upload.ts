import { StreamsError } from '../../index.ts'
import { command, jsonOption, printResult } from '../command.ts'
import { dataFiles, uploadFiles } from '../data-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { objectStoreOf } from '../object-store-of.ts'
import { announceFiles } from '../replay/announce-files.ts'
import { kafkaOf, kafkaOptions } from '../services.ts'

export const upload = command({
  name: 'upload',
  summary:
    'Puts the CSV files of a folder into their buckets; what is there with the same content is left alone.',
  parameters: 'DIR',
  details:
    'The folder is laid out as BUCKET/STORE/FILE.csv (or .csv.gz); reference data, if there is any, is in BUCKET/reference/.',
  options: {
    announce: {
      type: 'boolean',
      default: false,
      help: 'tell the ingest of them at once, instead of leaving them to its next look'
    },
    ...kafkaOptions,
    ...jsonOption
  },
  examples: [
    ['upload data', 'such as data/sku-gb/shop-1/2011-12-01.csv'],
    ['upload data --announce', 'and have them read at once']
  ],
  async run({ values, positionals }, terminal) {
    const [folder, ...rest] = positionals
    if (folder === undefined || rest.length > 0)
      throw new StreamsError('CONFIG_INVALID', 'say which folder; see --help')
    const files = await dataFiles(folder)
    const uploaded = await uploadFiles(await objectStoreOf(values.dir), files, (done) =>
      terminal.bars.update('upload', done, files.length, `${done} of ${files.length} CSV files`)
    )
    terminal.bars.finish()
    if (values.announce)
      await announceFiles(
        await kafkaOf(values),
        files.map(({ bucket, key }) => `${bucket}/${key}`)
      )
    const text = `${uploaded} of ${files.length} files uploaded, the others were there\n`
    printResult(terminal, values.json, { files: files.length, uploaded }, text)
    return exitCodes.done.code
  }
})
