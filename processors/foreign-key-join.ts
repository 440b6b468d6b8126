import { GrowableBytes } from '../core/bytes.ts'
import { murmur3 } from '../core/murmur3.ts'
import { type Headers, noHeaders } from '../core/record.ts'
import type { Serde } from '../core/serde.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import {
  type Instruction,
  instruction,
  type Subscription,
  type SubscriptionKey,
  type SubscriptionResponse
} from './foreign-key-messages.ts'
import type { Operator, TableToStream } from './operator.ts'
import { synchronous } from './synchronous.ts'
import type { TableView } from './table-view.ts'

/*
 * A foreign-key join in four steps. The table sends a subscription to the partition of each row's foreign key (1), where it is kept and
 * answered with the foreign row as it is (2); each change of a foreign row is sent to its subscribers (3). The table joins an answer
 * with its row, unless the row has changed since: its hash tells (4).
 */

/** Step 1. After `SubscriptionSendProcessorSupplier`. */
export function subscribe<K, V, FK>(
  foreignKeyOf: (value: V, key: K) => FK | null,
  valueSerde: Serde<V>,
  sameKey: (a: FK, b: FK) => boolean,
  options: { readonly left: boolean; readonly versioned: boolean }
): TableToStream<K, V, FK | null, Subscription<K>> {
  const { left, versioned } = options
  return (downstream, context) => {
    const call = synchronous('join', foreignKeyOf)
    const hashOf = valueHash(valueSerde)
    const extract = (value: V | null, key: K) =>
      value === null ? null : (call(value, key, undefined) ?? null)
    return (newValue, oldValue, key, timestamp, headers, latest) => {
      if (versioned && !latest) return context.dropped('out-of-order')
      if (newValue === null && oldValue === null) return
      const from = extract(oldValue, key)
      const to = extract(newValue, key)
      const stays = from !== null && to !== null && sameKey(from, to)
      const hash = newValue === null ? null : hashOf(newValue)
      const send = (foreignKey: FK | null, what: Instruction) =>
        downstream(
          { hash, instruction: what, primaryKey: key, partition: context.partition },
          foreignKey,
          timestamp,
          headers
        )
      if (left) {
        if (from !== null && !stays) send(from, instruction.unsubscribe)
        return send(to, instruction.tell)
      }
      if (to === null) {
        if (from !== null) return send(from, instruction.unsubscribeAndTell)
        if (newValue !== null) context.dropped('null-key')
        return
      }
      if (from === null || stays) return send(to, instruction.tellIfPresent)
      send(from, instruction.unsubscribe)
      send(to, instruction.tell)
    }
  }
}

type Subscriptions<FK, K> = KeyValueStore<SubscriptionKey<FK, K>, Subscription<K>>

/** Step 2. After `SubscriptionReceiveProcessorSupplier` and `SubscriptionJoinProcessorSupplier`. */
export function answerSubscription<K, FK, FV>(
  storeName: string,
  foreign: TableView<FK, FV>
): Operator<FK | null, Subscription<K>, K, SubscriptionResponse<FV>> {
  return (downstream, context) => {
    const store = context.store(storeName) as unknown as Subscriptions<FK, K>
    const { get } = foreign.open(context)
    let current: Headers = noHeaders
    context.logHeaders(storeName, () => current)
    return (asked, foreignKey, timestamp, headers) => {
      const { hash, primaryKey } = asked
      if (foreignKey !== null) {
        const keeps = asked.instruction >= instruction.tell
        current = headers
        store.put({ foreignKey, primaryKey }, keeps ? asked : null, timestamp)
        current = noHeaders
      } else if (asked.instruction !== instruction.tell) return context.dropped('null-key')
      if (asked.instruction === instruction.unsubscribe) return
      const row = foreignKey === null ? null : get(foreignKey)
      if (row === null && asked.instruction === instruction.tellIfPresent) return
      const value = row === null || asked.instruction === instruction.unsubscribeAndTell ? null : row.value
      const time = row === null ? timestamp : Math.max(timestamp, row.timestamp)
      downstream({ hash, value }, primaryKey, time, headers)
    }
  }
}

/** Step 3. After `ForeignTableJoinProcessorSupplier`. */
export function tellSubscribers<K, FK, FV>(
  storeName: string,
  sameKey: (a: FK, b: FK) => boolean,
  versioned: boolean
): TableToStream<FK, FV, K, SubscriptionResponse<FV>> {
  return (downstream, context) => {
    const store = context.store(storeName) as unknown as Subscriptions<FK, K>
    return (newValue, _oldValue, foreignKey, timestamp, headers, latest) => {
      if (versioned && !latest) return context.dropped('out-of-order')
      for (const { key, value } of store.range({ foreignKey, primaryKey: undefined }, null)) {
        if (!sameKey(key.foreignKey, foreignKey)) break
        downstream({ hash: value.hash, value: newValue }, key.primaryKey as K, timestamp, headers)
      }
    }
  }
}

/** Step 4. After `ResponseJoinProcessorSupplier`. */
export function resolveResponse<K, V, FV, VOut>(
  table: TableView<K, V>,
  valueSerde: Serde<V>,
  joiner: (value: V, foreignValue: FV | null, key: K) => VOut | null,
  left: boolean
): Operator<K, SubscriptionResponse<FV>, K, VOut | null> {
  return (downstream, context) => {
    const { get } = table.open(context)
    const call = synchronous('join', joiner)
    const hashOf = valueHash(valueSerde)
    return ({ hash, value }, key, timestamp, headers) => {
      const row = get(key)
      const isCurrent =
        row === null || hash === null ? row === null && hash === null : hashOf(row.value).equals(hash)
      if (!isCurrent) return context.dropped('out-of-order')
      const joined = row === null || (value === null && !left) ? null : call(row.value, value, key)
      downstream(joined, key, timestamp, headers)
    }
  }
}

function valueHash<V>(serde: Serde<V>): (value: V) => Buffer {
  const scratch = new GrowableBytes(1024)
  return (value) => {
    const end = serde.encode(value, scratch, 0)
    return murmur3(scratch.buffer.subarray(0, end))
  }
}
