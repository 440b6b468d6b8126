import { z } from 'zod'
import { FileMetadata } from '../../processors/retail/model.ts'
import { type CountryBucket, objectKind } from '../buckets.ts'

/** One content that an object had, or has. */
const Version = z.object({
  etag: z.string(),
  versionId: z.string().nullable(),
  sizeBytes: z.int(),
  lastModifiedMs: z.int(),
  storeCategory: FileMetadata.shape.storeCategory,
  chain: z.string().nullable(),
  /** The etag of its copy in the archive; null: there is none. */
  archivedEtag: z.string().nullable()
})
export type Version = z.infer<typeof Version>

const Form = z.object({
  gzip: z.boolean(),
  utf16: z.enum(['utf-16le', 'utf-16be']).nullable(),
  csvHeader: z.string(),
  delimiter: z.enum([',', ';', '\t', '|'])
})

/** The version whose rows are in the raw topic, all or the first of them. */
const Part = z.object({
  version: Version,
  form: Form,
  revision: z.int(),
  /** Rows that were added. */
  rows: z.int(),
  /** Where the next row begins, bytes; only of use in files that are seekable. */
  nextByte: z.int(),
  /** Bytes of the object that were read, for progress. */
  bytesRead: z.int(),
  complete: z.boolean(),
  /** Of those added, rows that were taken back; null: none shall be. */
  taken: z.object({ rows: z.int(), nextByte: z.int() }).nullable(),
  /** Reference files: what is wrong with the first row that was left out. */
  problem: z.string().nullable()
})
export type Part = z.infer<typeof Part>

/** What events have asked for. */
const Asked = z.object({
  /** How often something happened that makes it necessary to look at the object. */
  looks: z.int(),
  /** The highest seen. */
  sequencer: z.string().nullable(),
  /** What the last event said. */
  removed: z.boolean()
})
export type Asked = z.infer<typeof Asked>

/** What was done. */
const Reading = z.object({
  /** How many of `Asked.looks` it accounts for. */
  looked: z.int(),
  state: FileMetadata.shape.state,
  reason: z.string().nullable(),
  /** The highest that was given to a part. */
  revision: z.int(),
  /** What the bucket had when it was looked at; null: nothing. */
  target: Version.nullable(),
  part: Part.nullable()
})
export type Reading = z.infer<typeof Reading>

/** All that is to be known of a file after a crash. Kept by `bucket/object`. */
export const FileProgress = z.object({
  bucket: z.string(),
  object: z.string(),
  asked: Asked,
  reading: Reading
})
export type FileProgress = z.infer<typeof FileProgress>

export const nothingRead: Reading = {
  looked: 0,
  state: 'announced',
  reason: null,
  revision: 0,
  target: null,
  part: null
}

/** There is something left to do. */
export function isUnfinished({ asked, reading }: FileProgress): boolean {
  return asked.looks > reading.looked || reading.state === 'announced' || reading.state === 'reading'
}

/** Rows of the file that are in the raw topic and not taken back. */
export function standingRows(part: Part | null): number {
  return part === null ? 0 : part.rows - (part.taken?.rows ?? 0)
}

/** What is told of the file to others. */
export function fileMetadata(
  { bucket, object, reading }: FileProgress,
  { country }: CountryBucket
): FileMetadata {
  const { target, part, state, reason, revision } = reading
  const kind = objectKind(object)
  const version = target ?? part?.version
  return {
    bucket,
    object,
    country,
    storeId: kind.kind === 'sales' ? kind.storeId : '',
    storeCategory: version?.storeCategory ?? 'individual',
    chain: version?.chain ?? null,
    sizeBytes: version?.sizeBytes ?? 0,
    etag: version?.etag ?? '',
    versionId: version?.versionId ?? null,
    revision: part?.revision ?? revision,
    state,
    rows: state === 'announced' && part === null ? null : standingRows(part),
    reason
  }
}
