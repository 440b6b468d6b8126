import type { KeyValueStore } from '../../index.ts'

const sliceLength = 250

/**
 * The entries of a range in small parts, each read when it is asked for: no scan is open between two of them, so what is left may be read in another
 * callback, as it is by then.
 */
export function* slices<V>(
  store: Pick<KeyValueStore<string, V>, 'range'>,
  from: string,
  to: string
): Generator<{ readonly key: string; readonly value: V }[]> {
  for (let begin = from; ; ) {
    const slice: { readonly key: string; readonly value: V }[] = []
    for (const entry of store.range(begin, to)) if (slice.push(entry) === sliceLength) break
    const last = slice.at(-1)
    if (last === undefined) return
    yield slice
    if (slice.length < sliceLength) return
    begin = after(last.key)
  }
}

/** The entries whose keys begin with the prefix and a slash. */
export function slicesUnder<V>(store: Pick<KeyValueStore<string, V>, 'range'>, prefix: string) {
  // 0 comes after the slash
  return slices(store, `${prefix}/`, `${prefix}0`)
}

/** The least key beyond another. */
function after(key: string): string {
  return `${key}\0`
}
