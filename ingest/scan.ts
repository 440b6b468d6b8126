import type { FileEvent } from '../processors/retail/file-event.ts'
import { objectKind, referencePrefix } from './buckets.ts'
import type { Announce } from './events/event-writer.ts'
import type { ObjectStore } from './object-store.ts'
import type { FileProgress } from './reading/file-progress.ts'
import type { ObjectSummary } from './stored-object.ts'

export interface ScanParts {
  readonly store: ObjectStore
  readonly announce: Announce
  /** What this process knows of a bucket's files whose keys are from `from` to `to`, both included; null: no bound. */
  readonly known: (bucket: string, from: string, to: string | null) => readonly FileProgress[]
  readonly signal: AbortSignal
}

export interface ScanResult {
  /** Objects that are files of sales or reference data. */
  readonly objects: number
  /** Events that were written: what is new, changed, or gone. */
  readonly announced: number
}

/**
 * Finds what events have missed, by comparing a bucket's listing with what is known of it, page by page. Reference data comes first.
 * Throws OBJECT_STORE_UNAVAILABLE and what `announce` throws.
 */
export async function scanBucket(bucket: string, parts: ScanParts): Promise<ScanResult> {
  const references = await scanPages(bucket, { ...parts, prefix: referencePrefix })
  const all = await scanPages(bucket, { ...parts, prefix: '' })
  return { objects: all.objects, announced: references.announced + all.announced }
}

async function scanPages(
  bucket: string,
  parts: ScanParts & { readonly prefix: string }
): Promise<ScanResult> {
  const { store, announce, known, prefix, signal } = parts
  let objects = 0
  let announced = 0
  // keys before it were compared
  let from = prefix
  const pages = store.listPages(bucket, { prefix, signal })[Symbol.asyncIterator]()
  for (let page = await pages.next(); page.done !== true; ) {
    const next = await pages.next()
    const files = page.value.filter(({ key }) => objectKind(key).kind !== 'other')
    objects += files.length
    // of the whole bucket's last page, whatever comes after it is gone
    const to =
      next.done === true ? (prefix === '' ? null : `${prefix}\u{10ffff}`) : (page.value.at(-1)?.key ?? from)
    const events = differences(bucket, files, known(bucket, from, to))
    if (events.length > 0) await announce(events)
    announced += events.length
    from = `${to}\0`
    page = next
  }
  return { objects, announced }
}

function differences(
  bucket: string,
  files: readonly ObjectSummary[],
  known: readonly FileProgress[]
): FileEvent[] {
  const before = new Map(known.map((file) => [file.object, file]))
  const events: FileEvent[] = []
  for (const { key, etag, sizeBytes, lastModifiedMs } of files) {
    const file = before.get(key)
    before.delete(key)
    if (file?.reading.target?.etag === etag) continue
    events.push({
      bucket,
      object: key,
      kind: 'created',
      etag,
      versionId: null,
      sizeBytes,
      sequencer: null,
      timeMs: lastModifiedMs
    })
  }
  for (const { object, reading } of before.values()) {
    if (reading.target === null) continue
    events.push({
      bucket,
      object,
      kind: 'removed',
      etag: null,
      versionId: null,
      sizeBytes: null,
      sequencer: null,
      timeMs: Date.now()
    })
  }
  return events
}
