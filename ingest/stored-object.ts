import type { Readable } from 'node:stream'

/** What a listing tells of an object. */
export interface ObjectSummary {
  readonly key: string
  readonly sizeBytes: number
  /** Without its quotes. The MD5 of the content, unless it was uploaded in parts. */
  readonly etag: string
  readonly lastModifiedMs: number
}

export interface ObjectHead extends ObjectSummary {
  /** Null where the bucket keeps no versions. */
  readonly versionId: string | null
  /** The user's metadata, keys in lower case. */
  readonly metadata: Readonly<Record<string, string>>
}

export interface StoredObject extends ObjectHead {
  /** Read it to its end, or destroy it: it holds a connection. */
  readonly body: Readable
}

/** Which content of an object is wanted. */
export interface ObjectVersion {
  readonly etag: string
  /** Undefined: only if the object's present version has that etag. */
  readonly versionId?: string
  /** Where to begin, bytes. Default 0. */
  readonly from?: number
}

/** The fields of S3's answers to GetObject and HeadObject that say what an object is. */
interface ObjectAnswer {
  readonly ContentLength?: number | undefined
  readonly ETag?: string | undefined
  readonly VersionId?: string | undefined
  readonly LastModified?: Date | undefined
  readonly Metadata?: Readonly<Record<string, string>> | undefined
}

export function describeObject(key: string, answer: ObjectAnswer): ObjectHead {
  return {
    key,
    sizeBytes: answer.ContentLength ?? 0,
    etag: unquoted(answer.ETag),
    versionId: versionOf(answer.VersionId),
    lastModifiedMs: answer.LastModified?.getTime() ?? 0,
    metadata: answer.Metadata ?? {}
  }
}

export function unquoted(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

/** Objects from before versions were kept, or while they are suspended, have the version id "null", which names no certain content. */
export function versionOf(id: string | undefined): string | null {
  return id === undefined || id === 'null' ? null : id
}
