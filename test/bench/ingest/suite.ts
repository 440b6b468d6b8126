import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { foodmartData, uploadFoodmart } from '../../../bin/foodmart/foodmart.ts'
import { retailSinks } from '../../../bin/retail-sinks.ts'
import {
  objectStoreCredentials as credentials,
  startServices,
  stopServices
} from '../../../deploy/local/services.ts'
import { ObjectStore } from '../../../ingest/object-store.ts'
import type { BenchCase, Suite } from '../case.ts'
import type { ParseCsvSettings } from './parse-csv.ts'
import type { ReadFilesSettings } from './read-files.ts'
import { header, sampleRow, uploadSample } from './sample-file.ts'
import type { StageSettings } from './stages.ts'

const smallFiles = 10_000
const rowsOfSmall = 10
/** What the memory of a reader may swing by, whatever the size of the file. */
const growthMiB = 100

function parsing(settings: ParseCsvSettings): BenchCase {
  const { by, quotedEvery } = settings
  const group =
    quotedEvery === 0 ? 'parsing rows without quotes' : `parsing rows, 1 in ${quotedEvery} with quotes`
  return { group, name: by, program: 'parse-csv', settings }
}

const stagesGroup = 'FoodMart, stage by stage'

/** The stages of the whole way, in one table: each alone, after all at once. */
async function stageCases(
  store: ObjectStore,
  services: Omit<StageSettings, 'stage' | 'rows'>,
  report: (message: string) => void
): Promise<BenchCase[]> {
  report(`uploading: ${stagesGroup}`)
  const files = await foodmartData(report)
  await uploadFoodmart(store, files, () => {})
  const rows = files.reduce((sum, file) => sum + (file.reference ? 0 : file.rows), 0)
  const of = (name: string, stage: StageSettings['stage'], sink?: string): BenchCase => {
    const settings: StageSettings = { ...services, rows, stage, ...(sink === undefined ? {} : { sink }) }
    return { group: stagesGroup, name, program: 'stage', settings, rounds: 1 }
  }
  return [
    of('end to end', 'all'),
    of('read and split', 'readAndSplit'),
    of('parse', 'parse'),
    of('into Kafka, exactly once', 'ingest'),
    ...retailSinks.map(({ name }) => of(`sink ${name}`, 'sink', name)),
    // last: it writes once more what the sinks read
    of('graph', 'graph')
  ]
}

/** One large file, many small ones, and what parsing rows costs. */
export const ingest: Suite = {
  title: 'Files from an object store into the raw topic, exactly once',
  async prepare({ ingestBytes, match, report }) {
    const directory = await mkdtemp(join(tmpdir(), 'store-sku-bench-'))
    const close = async (): Promise<void> => {
      await stopServices(directory, { wipe: true })
      await rm(directory, { recursive: true, force: true })
    }
    try {
      const { kafkaBrokers, s3Endpoint } = await startServices({
        directory,
        only: ['kafka', 's3'],
        // of the second group's rows
        kafkaSettings: { 'log.retention.ms': '-1' },
        onProgress: report
      })
      const databases = { directory, only: ['postgres', 'elasticsearch'], onProgress: report } as const
      const place = { brokers: kafkaBrokers.split(','), endpoint: s3Endpoint, credentials }
      const store = new ObjectStore({ endpoint: s3Endpoint, credentials })
      const bucket = (name: string) => `bench-${process.pid}-${name}`
      const reading = async (
        name: 'large' | 'small',
        group: string,
        upload: () => Promise<Pick<ReadFilesSettings, 'files' | 'rows' | 'bytes'>>
      ): Promise<BenchCase[]> => {
        if (!`${group} ingest`.includes(match)) return []
        report(`uploading: ${group}`)
        await store.ensureBucket(bucket(name))
        const settings: ReadFilesSettings = { ...place, bucket: bucket(name), ...(await upload()) }
        const target = { figure: 'RSS growth MiB', atMost: growthMiB }
        return [{ group, name: 'ingest', program: 'read-files', settings, target, rounds: 1 }]
      }
      const large = await reading(
        'large',
        `one file of ${Math.round(ingestBytes / 1024 / 1024)} MiB`,
        async () => ({
          files: 1,
          ...(await uploadSample(store, bucket('large'), '1/large.csv', ingestBytes))
        })
      )
      const small = await reading('small', `${smallFiles} small files`, async () => {
        let bytes = 0
        for (let first = 0; first < smallFiles; first += 20)
          await Promise.all(
            Array.from({ length: 20 }, async (_, i) => {
              const text = header + Array.from({ length: rowsOfSmall }, (_, row) => sampleRow(row)).join('')
              bytes += text.length
              await store.put(bucket('small'), `${i}/${first + i}.csv`, text)
            })
          )
        return { files: smallFiles, rows: smallFiles * rowsOfSmall, bytes }
      })
      const byStage = stagesGroup.includes(match)
        ? await stageCases(store, { ...place, ...(await startServices(databases)) }, report)
        : []
      store.close()
      return {
        cases: [
          ...byStage,
          ...large,
          ...small,
          ...[0, 10, 1].flatMap((quotedEvery) => [
            parsing({ by: 'ours', quotedEvery, rows: 500_000 }),
            parsing({ by: 'csv-parse', quotedEvery, rows: 500_000 })
          ])
        ],
        close
      }
    } catch (error) {
      await close()
      throw error
    }
  }
}
