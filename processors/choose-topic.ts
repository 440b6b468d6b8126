import { StreamsError } from '../core/errors.ts'
import type { Topic } from '../core/topic.ts'
import type { Forward, Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

/** Hands each record to the sink of the topic that is chosen for it. `sinks` says which child writes which topic. */
export function chooseTopic<K, V>(
  choose: (value: V, key: K) => Topic<NonNullable<K>, NonNullable<V>>,
  sinks: ReadonlyMap<string, string>
): Operator<K, V, K, V> {
  return (_downstream, _context, children) => {
    const call = synchronous('to', choose)
    const ways = new Map<string, Forward<K, V>>()
    for (const [topic, child] of sinks) ways.set(topic, children.get(child) as Forward<K, V>)
    return (value, key, timestamp, headers) => {
      const { name } = call(value, key, undefined)
      const forward = ways.get(name)
      if (forward === undefined)
        throw new StreamsError('TOPIC_MISSING', `"${name}" is not among the topics given to this step`)
      forward(value, key, timestamp, headers)
    }
  }
}
