import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bucketOf, bucketSettings } from '../../bin/buckets.ts'
import { dataFiles } from '../../bin/data-folder.ts'

describe('dataFiles', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-sku-data-'))
  })

  afterEach(() => rm(folder, { recursive: true, force: true }))

  async function file(path: string, text = 'x'): Promise<void> {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }

  it('finds the CSV files of each bucket', async () => {
    await file('sku-gb/shop/2011-05-03.csv', 'abc')
    await file('sku-gb/shop/2011/05/04.CSV.gz')
    await file('sku-gb/reference/rates.csv')
    await file('sku-us/7/a.csv')
    await file('sku-us/7/notes.txt')
    await mkdir(join(folder, 'sku-us/8/folder.csv'), { recursive: true })
    await file('README.csv')
    const files = await dataFiles(folder)
    expect(files.map(({ bucket, key, sizeBytes }) => [bucket, key, sizeBytes])).toEqual([
      ['sku-gb', 'reference/rates.csv', 1],
      ['sku-gb', 'shop/2011-05-03.csv', 3],
      ['sku-gb', 'shop/2011/05/04.CSV.gz', 1],
      ['sku-us', '7/a.csv', 1]
    ])
  })

  it('says what it looks for when there is nothing', async () => {
    await file('2011-05-03.csv')
    await expect(dataFiles(folder)).rejects.toThrow('no files like BUCKET/STORE/FILE.csv')
  })
})

describe('bucketOf', () => {
  it('knows a country by the name', () => {
    expect(bucketOf('sku-gb')).toEqual({
      bucket: 'sku-gb',
      country: 'GB',
      currency: 'GBP',
      timeZone: 'Europe/London'
    })
  })

  it('is told what the name does not say', () => {
    const settings = bucketSettings(['shops=de', 'sku-us=US:USD:America/Denver', 'fiji=FJ:FJD:Pacific/Fiji'])
    expect(bucketOf('shops', settings)).toMatchObject({ country: 'DE', currency: 'EUR' })
    expect(bucketOf('sku-us', settings)).toMatchObject({ timeZone: 'America/Denver' })
    expect(bucketOf('fiji', settings)).toMatchObject({ country: 'FJ', currency: 'FJD' })
  })

  it.each([
    ['shops', 'whose is the bucket shops?'],
    ['sku-fj', 'currency and time zone of FJ are not known here'],
    ['Sku_GB', 'cannot be a bucket']
  ])('does not guess: %s', (name, message) => {
    expect(() => bucketOf(name)).toThrow(message)
    expect(() => bucketSettings(['=GB'])).toThrow('write it as NAME=CC')
  })
})
