/** What was frozen here, all the way down. `Object.isFrozen` cannot tell: others freeze the outermost object only. */
const frozen = new WeakSet<object>()

/**
 * Freezes a value and everything it holds, so that a change of a value that a store has taken throws where it is made. Bytes and the
 * content of Map, Set and Date cannot be frozen and stay as they are.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || frozen.has(value)) return value
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value
  frozen.add(value)
  Object.freeze(value)
  for (const key of Reflect.ownKeys(value)) deepFreeze((value as Record<PropertyKey, unknown>)[key])
  return value
}
