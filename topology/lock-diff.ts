import { segmentInterval } from '../state/stores/timed-layout.ts'
import type { LockedRepartition, LockedStore, LockedSubTopology, TopologyLock } from './lock.ts'
import { compareSerdes, type LockedSerde } from './lock-schema.ts'

/** One difference of two graphs, for people. */
export interface TopologyChange {
  /**
   * `compatible`: the application goes on with the state it has. `reset`: what is in its stores or internal topics does not fit the new
   * graph; see `resetApplication`.
   */
  readonly effect: 'compatible' | 'reset'
  readonly message: string
}

/** A store and the sub-topology that keeps it. */
interface Placed {
  readonly store: LockedStore
  readonly id: number
}

/**
 * What changed between the graph that an application ran with and the one that it is to run with. Empty: nothing that its state depends
 * on. The rules are Kafka Streams': stateful steps keep their names, forms and sub-topologies; stateless ones come and go.
 */
export function diffTopologyLocks(before: TopologyLock, after: TopologyLock): readonly TopologyChange[] {
  const changes: TopologyChange[] = []
  const compatible = (message: string) => changes.push({ effect: 'compatible', message })
  const reset = (message: string) => changes.push({ effect: 'reset', message })
  const forms = (what: string, old: LockedSerde, now: LockedSerde, mustEqual: boolean) => {
    for (const { line, lost } of compareSerdes(old, now))
      (lost || mustEqual ? reset : compatible)(`${what} ${line}`)
  }

  const [old, now] = [storesOf(before), storesOf(after)]
  const removed = [...old.values()].filter(({ store }) => !now.has(store.name))
  const added = [...now.values()].filter(({ store }) => !old.has(store.name))
  for (const placed of added) {
    const { name } = placed.store
    const former = removed.find((candidate) => isRenamed(candidate, placed))
    if (former !== undefined) {
      removed.splice(removed.indexOf(former), 1)
      reset(`store "${former.store.name}" is now named "${name}": it would begin empty`)
    } else if (readsOnlyNewTopics(before, after, placed.id))
      compatible(`store "${name}" is new, and so is all that it is filled from`)
    else reset(`store "${name}" is new: it would lack what was processed before it was there`)
  }
  for (const { store } of removed)
    reset(
      `store "${store.name}" is gone; should the name come back, what its topic kept would be taken up with a gap`
    )
  for (const [name, { store, id }] of now) {
    const former = old.get(name)
    if (former === undefined) continue
    const what = `store "${name}"`
    if (former.id !== id)
      reset(
        `${what} moves from sub-topology ${former.id} to ${id}: its tasks and their folders get other names`
      )
    compareStores(what, former.store, store, { compatible, reset })
    forms(`keys of ${what} already written`, former.store.key, store.key, true)
    forms(`values of ${what} already written`, former.store.value, store.value, false)
  }

  const [oldTopics, newTopics] = [repartitionsOf(before), repartitionsOf(after)]
  for (const [topic, { partitions, key, value }] of newTopics) {
    const former = oldTopics.get(topic)
    const what = `repartition topic "${topic}"`
    if (former === undefined) {
      compatible(`${what} is new`)
      continue
    }
    if (former.partitions !== partitions)
      reset(
        `${what} has ${count(partitions)} partitions, no longer ${count(former.partitions)}: keys change places`
      )
    forms(`keys in ${what} already written`, former.key, key, true)
    forms(`values in ${what} already written`, former.value, value, false)
  }
  for (const topic of oldTopics.keys())
    if (!newTopics.has(topic))
      reset(`repartition topic "${topic}" is gone: records that are still in it would be lost`)

  compareSources(before, after, compatible)
  compareGlobalStores(before, after, compatible)
  return changes
}

/** Whether an application may go on with its state. */
export function needsReset(changes: readonly TopologyChange[]): boolean {
  return changes.some(({ effect }) => effect === 'reset')
}

interface Report {
  compatible(message: string): void
  reset(message: string): void
}

function compareStores(what: string, old: LockedStore, now: LockedStore, report: Report): void {
  if (old.kind !== now.kind) report.reset(`${what} is a ${now.kind} store, no longer a ${old.kind} store`)
  if (old.windowSizeMs !== now.windowSizeMs && old.kind === now.kind)
    report.reset(`${what} has windows of ${now.windowSizeMs} ms, no longer ${old.windowSizeMs} ms`)
  if (old.retainDuplicates !== now.retainDuplicates && old.kind === now.kind)
    report.reset(
      `${what} ${now.retainDuplicates ? 'keeps' : 'no longer keeps'} several values per key and time`
    )
  for (const setting of ['retentionMs', 'historyRetentionMs'] as const)
    if (old[setting] !== now[setting] && old.kind === now.kind)
      compareRetentions(what, old[setting] ?? 0, now[setting] ?? 0, now.changelog !== null, report)
  if (old.changelog === now.changelog) return
  if (now.changelog === null) report.reset(`${what} has no changelog any more: it begins empty`)
  else if (old.changelog === null && now.changelog === `${now.name}-changelog`)
    report.reset(`${what} now has a changelog, which lacks what the store holds`)
  // neither topic need have all that the other one had: a source may have been cleaned, a changelog begins empty or with what it last knew
  else
    report.reset(
      `${what} is restored from "${now.changelog}", no longer from ${old.changelog === null ? 'nothing' : `"${old.changelog}"`}`
    )
}

/** By the retention a store is kept in segments, which are part of its keys on disk: where they are others, it is made anew. */
function compareRetentions(
  what: string,
  old: number,
  now: number,
  logged: boolean,
  { compatible, reset }: Report
): void {
  const message = `${what} keeps its content for ${now} ms, no longer ${old} ms`
  if (segmentInterval(old) === segmentInterval(now)) compatible(message)
  else if (logged) compatible(`${message}: it is rebuilt from its changelog`)
  else reset(`${message}: it begins empty`)
}

function compareSources(before: TopologyLock, after: TopologyLock, report: Report['compatible']): void {
  const [old, now] = [topicsOf(before), topicsOf(after)]
  for (const [topic, part] of now) {
    const former = old.get(topic)
    if (former === undefined) report(`topic "${topic}" is now read, from its beginning`)
    // where there is a store that moves, too, this has been told
    else if (former.id !== part.id && part.stores.length === 0)
      report(`topic "${topic}" is read by sub-topology ${part.id}, no longer ${former.id}; it keeps no state`)
  }
  for (const topic of old.keys()) if (!now.has(topic)) report(`topic "${topic}" is not read any more`)
}

function compareGlobalStores(before: TopologyLock, after: TopologyLock, report: Report['compatible']): void {
  const old = new Map(before.globalStores.map(({ name, topic }) => [name, topic]))
  const now = new Map(after.globalStores.map(({ name, topic }) => [name, topic]))
  for (const [name, topic] of now)
    if (old.get(name) !== topic)
      report(`global store "${name}" is filled from "${topic}", from its beginning`)
  for (const name of old.keys()) if (!now.has(name)) report(`global store "${name}" is gone`)
}

function storesOf({ subTopologies }: TopologyLock): Map<string, Placed> {
  return new Map(
    subTopologies.flatMap(({ id, stores }) => stores.map((store) => [store.name, { store, id }]))
  )
}

function repartitionsOf({ repartitions }: TopologyLock): Map<string, LockedRepartition> {
  return new Map(repartitions.map((one) => [one.topic, one]))
}

function topicsOf({ subTopologies }: TopologyLock): Map<string, LockedSubTopology> {
  return new Map(subTopologies.flatMap((part) => part.topics.map((topic) => [topic, part])))
}

/** The same store in the same place under another name. */
function isRenamed(old: Placed, now: Placed): boolean {
  const bare = ({ store, id }: Placed) => JSON.stringify([{ ...store, name: '', changelog: '' }, id])
  return bare(old) === bare(now)
}

/** Whether nothing that reaches a sub-topology was read before: what is filled from it then begins at the beginning. */
function readsOnlyNewTopics(before: TopologyLock, after: TopologyLock, id: number): boolean {
  const known = topicsOf(before)
  const seen = new Set([id])
  for (const part of seen) {
    if (after.subTopologies.find((one) => one.id === part)?.topics.some((topic) => known.has(topic)))
      return false
    // a set goes on with what is added while it is gone through
    for (const { to, from } of after.repartitions)
      if (to === part) for (const writer of from) seen.add(writer)
  }
  return true
}

function count(partitions: number | null): string {
  return partitions === null ? 'as many as its writers' : String(partitions)
}
