import { GrowableBytes } from '../core/bytes.ts'
import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'

export function missingSerde(step: string, what: 'key' | 'value'): StreamsError {
  return new StreamsError(
    'TOPOLOGY_INVALID',
    `${step} must write the ${what} but does not know how since its type was changed: add ${what}: json(schema) or another serde`
  )
}

/** Whether two keys are the same one: primitives by value (0 and -0 are two), others by their bytes. */
export function keyComparison<K>(serde: Serde<K>): (a: K, b: K) => boolean {
  const [first, second] = [new GrowableBytes(256), new GrowableBytes(256)]
  return (a, b) => {
    if (Object.is(a, b)) return true
    if (typeof a !== 'object') return false
    // a scratch may become another one as it is written to
    const firstEnd = serde.encode(a, first, 0)
    const secondEnd = serde.encode(b, second, 0)
    return first.buffer.subarray(0, firstEnd).equals(second.buffer.subarray(0, secondEnd))
  }
}
