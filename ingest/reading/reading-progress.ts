import { type FileProgress, isUnfinished, standingRows } from './file-progress.ts'

/** How far the ingest is with the files it has heard of. */
export interface IngestProgress {
  readonly files: number
  readonly filesTotal: number
  /** As the objects have them: compressed, if they are. */
  readonly bytes: number
  readonly bytesTotal: number
  /** Data rows in the raw topic, less those taken back. */
  readonly rows: number
  readonly done: number
  readonly rejected: number
}

export const noProgress: IngestProgress = {
  files: 0,
  filesTotal: 0,
  bytes: 0,
  bytesTotal: 0,
  rows: 0,
  done: 0,
  rejected: 0
}

/** The two together; `sign` -1: the first without the second. */
export function plus(one: IngestProgress, other: IngestProgress, sign: 1 | -1 = 1): IngestProgress {
  return {
    files: one.files + sign * other.files,
    filesTotal: one.filesTotal + sign * other.filesTotal,
    bytes: one.bytes + sign * other.bytes,
    bytesTotal: one.bytesTotal + sign * other.bytesTotal,
    rows: one.rows + sign * other.rows,
    done: one.done + sign * other.done,
    rejected: one.rejected + sign * other.rejected
  }
}

/** What one file adds. */
export function progressOf(file: FileProgress | null): IngestProgress {
  if (file === null) return noProgress
  const { target, part, state } = file.reading
  const finished = !isUnfinished(file)
  const bytesTotal = (target ?? part?.version)?.sizeBytes ?? 0
  return {
    files: finished ? 1 : 0,
    filesTotal: 1,
    bytes: finished ? bytesTotal : Math.min(part?.bytesRead ?? 0, bytesTotal),
    bytesTotal,
    rows: standingRows(part),
    done: finished && state === 'done' ? 1 : 0,
    rejected: finished && state === 'rejected' ? 1 : 0
  }
}
