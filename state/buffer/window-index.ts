import type { BufferEntry, BufferIndex } from './entry.ts'

/** Entries by the bytes of their key, then by window start: a fetch of one key meets the windows of that key only. */
export class WindowIndex<K, V> implements BufferIndex<K, V> {
  /** The windows of each key, oldest first; none is empty. */
  readonly #windows = new Map<string, BufferEntry<K, V>[]>()

  find(bytes: Buffer, start: number, end: number, windowStart: number): BufferEntry<K, V> | undefined {
    const windows = this.#windows.get(bytes.latin1Slice(start, end))
    if (windows === undefined) return undefined
    const entry = windows[firstFrom(windows, windowStart)]
    return entry?.start === windowStart ? entry : undefined
  }

  /** The key's first buffered window with `from` <= start, or `from` < start when `exclusive`. */
  next(id: string, from: number, exclusive: boolean): BufferEntry<K, V> | undefined {
    const windows = this.#windows.get(id)
    if (windows === undefined) return undefined
    const at = firstFrom(windows, from)
    return windows[exclusive && windows[at]?.start === from ? at + 1 : at]
  }

  add(entry: BufferEntry<K, V>): void {
    const windows = this.#windows.get(entry.id)
    if (windows === undefined) this.#windows.set(entry.id, [entry])
    else windows.splice(firstFrom(windows, entry.start), 0, entry)
  }

  remove(entry: BufferEntry<K, V>): void {
    const windows = this.#windows.get(entry.id)
    if (windows === undefined) return
    windows.splice(firstFrom(windows, entry.start), 1)
    if (windows.length === 0) this.#windows.delete(entry.id)
  }

  clear(): void {
    this.#windows.clear()
  }
}

/** The index of the first window with start >= `start`. New windows are mostly the latest: looked for from there. */
function firstFrom(windows: readonly { readonly start: number }[], start: number): number {
  const last = windows[windows.length - 1]
  if (last === undefined || last.start < start) return windows.length
  let low = 0
  let high = windows.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((windows[middle] as { start: number }).start < start) low = middle + 1
    else high = middle
  }
  return low
}
