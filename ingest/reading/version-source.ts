import type { ObjectStore } from '../object-store.ts'
import type { StoredObject } from '../stored-object.ts'
import type { Version } from './file-progress.ts'

/** CopyObject takes no more. */
const largestCopy = 5 * 1024 ** 3

/**
 * Where the content of a version is to be had: from the archive, from the bucket's versions, or from the object as long as it is the same.
 * Only the first two are still there when the object is replaced or removed.
 */
export class VersionSource {
  readonly #store: ObjectStore
  readonly #archive: string | undefined

  constructor(store: ObjectStore, archive: string | undefined) {
    this.#store = store
    this.#archive = archive
  }

  /** What is read is copied first, and read from there. */
  get archives(): boolean {
    return this.#archive !== undefined
  }

  /** `missing`, `changed`: it is not to be had, and that is why the object is no help. Throws OBJECT_STORE_UNAVAILABLE. */
  async open(
    bucket: string,
    object: string,
    version: Version,
    from: number,
    signal: AbortSignal
  ): Promise<StoredObject | 'missing' | 'changed'> {
    const { etag, versionId, archivedEtag } = version
    if (archivedEtag !== null && this.#archive !== undefined) {
      const key = archiveKey(bucket, object, etag)
      const copy = await this.#store.getVersion(this.#archive, key, { etag: archivedEtag, from }, signal)
      if (typeof copy !== 'string') return copy
    }
    if (versionId !== null) {
      const kept = await this.#store.getVersion(bucket, object, { etag, versionId, from }, signal)
      if (typeof kept !== 'string') return kept
    }
    return this.#store.getVersion(bucket, object, { etag, from }, signal)
  }

  /**
   * Copies the object to `<archive>/<bucket>/<object>/<etag>`, if there is an archive and it is not larger than a copy may be. The version, with
   * what came of it; or why it is not there any more.
   */
  async archived(
    bucket: string,
    object: string,
    version: Version,
    signal: AbortSignal
  ): Promise<Version | 'missing' | 'changed'> {
    if (this.#archive === undefined || version.archivedEtag !== null || version.sizeBytes > largestCopy)
      return version
    const { etag } = version
    const to = { bucket: this.#archive, key: archiveKey(bucket, object, etag) }
    let copy = await this.#store.copy({ bucket, key: object, etag }, to, signal)
    // some servers do not find a copy's source by a name with characters such as & and +, though they have it: then it goes through here
    if (copy === 'missing') copy = await this.#copied({ bucket, object, version }, to, signal)
    if (typeof copy === 'string') return copy
    if (copy.etag !== etag) {
      // either it was uploaded in parts, or the store knows no conditions and the object is another by now
      const now = await this.#store.head(bucket, object, signal)
      if (now?.etag !== etag) {
        await this.#store.delete(to.bucket, to.key)
        return now === undefined ? 'missing' : 'changed'
      }
    }
    return { ...version, archivedEtag: copy.etag }
  }

  async #copied(
    {
      bucket,
      object,
      version
    }: { readonly bucket: string; readonly object: string; readonly version: Version },
    to: { readonly bucket: string; readonly key: string },
    signal: AbortSignal
  ): Promise<{ readonly etag: string } | 'missing' | 'changed'> {
    const { etag, sizeBytes } = version
    const stored = await this.#store.getVersion(bucket, object, { etag, from: 0 }, signal)
    if (typeof stored === 'string') return stored
    try {
      return await this.#store.put(to.bucket, to.key, stored.body, { sizeBytes, signal })
    } finally {
      stored.body.destroy()
    }
  }

  /** Whether the version can be had when the object is another one. */
  isKept({ archivedEtag, versionId }: Version): boolean {
    return (archivedEtag !== null && this.#archive !== undefined) || versionId !== null
  }
}

function archiveKey(bucket: string, object: string, etag: string): string {
  return `${bucket}/${object}/${etag}`
}
