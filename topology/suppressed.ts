import type { Windowed } from '../core/windows.ts'

/** What a suppression buffer may hold before it is full. */
export interface BufferBounds {
  /** Default: no bound. */
  readonly maxRecords?: number
  /** Default: no bound. */
  readonly maxBytes?: number
}

/** How changes of a table are held back: see `untilWindowCloses` and `untilTimeLimit`. */
export interface Suppressed<in K> {
  /** Names the buffer's store. */
  readonly name: string
  /** When the key's window ends; undefined: changes are held by their own time. */
  readonly timeOf: ((key: K) => number) | undefined
  /** Undefined: for the grace of the table's windows. */
  readonly waitMs: number | undefined
  readonly maxRecords: number
  readonly maxBytes: number
  readonly whenFull: 'emit-early' | 'shut-down'
}

/** Only the last result of each window, when it has closed. A full buffer stops the application: results must be final. */
export function untilWindowCloses(
  options: BufferBounds & { readonly name: string }
): Suppressed<Windowed<unknown>> {
  return { ...bounds(options), timeOf: ({ end }) => end, waitMs: undefined, whenFull: 'shut-down' }
}

/** The latest change of a key, `waitMs` of stream time after the first that was held back. A full buffer emits its oldest early. */
export function untilTimeLimit(
  waitMs: number,
  options: BufferBounds & { readonly name: string; readonly whenFull?: 'emit-early' | 'shut-down' }
): Suppressed<unknown> {
  return { ...bounds(options), timeOf: undefined, waitMs, whenFull: options.whenFull ?? 'emit-early' }
}

function bounds({ name, maxRecords, maxBytes }: BufferBounds & { readonly name: string }) {
  return {
    name,
    maxRecords: maxRecords ?? Number.POSITIVE_INFINITY,
    maxBytes: maxBytes ?? Number.POSITIVE_INFINITY
  }
}
