import { z } from 'zod'
import { isLonger } from './field-limits.ts'

/*
 * S3's own limits, bytes; of bucket names and version IDs, too. It states none for etags and sequencers, which have some dozens: an event with more
 * is none of an object store's, and would be carried through records and stores.
 */
const longest = { bucket: 255, object: 1024, versionId: 1024, etag: 256, sequencer: 256 }

function text(field: keyof typeof longest) {
  const bytes = longest[field]
  return z
    .string()
    .min(1)
    .refine((value) => !isLonger(value, bytes), `is longer than ${bytes} bytes`)
    .refine((value) => value.isWellFormed(), 'is no Unicode text')
}

/**
 * Somebody says that an object was stored or removed: whoever wrote it, a cloud's notification, a scan. It may come late, twice, or in
 * another order than it happened, so it is taken as a reason to look. Keyed by bucket.
 */
export const FileEvent = z.object({
  bucket: text('bucket'),
  /** The object's key as it is, not URL-encoded. */
  object: text('object'),
  kind: z.enum(['created', 'removed']),
  /** Without quotes. */
  etag: text('etag').nullable(),
  versionId: text('versionId').nullable(),
  sizeBytes: z.int().min(0).nullable(),
  /** S3's order of the events of one object; see `isAfter`. */
  sequencer: text('sequencer')
    .regex(/^[0-9A-Fa-f]+$/)
    .nullable(),
  /** When it happened, as far as known. */
  timeMs: z.int()
})
export type FileEvent = z.infer<typeof FileEvent>
