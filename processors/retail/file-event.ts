import { z } from 'zod'

/**
 * Somebody says that an object was stored or removed: whoever wrote it, a cloud's notification, a scan. It may come late, twice, or in
 * another order than it happened, so it is taken as a reason to look. Keyed by bucket.
 */
export const FileEvent = z.object({
  bucket: z.string().min(1),
  /** The object's key as it is, not URL-encoded. */
  object: z.string().min(1),
  kind: z.enum(['created', 'removed']),
  /** Without quotes. */
  etag: z.string().min(1).nullable(),
  versionId: z.string().min(1).nullable(),
  sizeBytes: z.int().min(0).nullable(),
  /** S3's order of the events of one object; see `isAfter`. */
  sequencer: z
    .string()
    .regex(/^[0-9A-Fa-f]+$/)
    .nullable(),
  /** When it happened, as far as known. */
  timeMs: z.int()
})
export type FileEvent = z.infer<typeof FileEvent>
