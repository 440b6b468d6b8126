import type { StoreDefinition } from '../state/store-definition.ts'

/** The topic that a store is restored from, without the application's name; null: none. */
export function changelogName(
  { name, logged }: StoreDefinition,
  sourceChangelogs: ReadonlyMap<string, string>
): string | null {
  return sourceChangelogs.get(name) ?? (logged ? `${name}-changelog` : null)
}
