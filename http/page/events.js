import { count } from './describe.js'
import { added, growth } from './figures.js'

/**
 * @typedef {import('./model.js').View} View
 * @typedef {import('./model.js').Replica} Replica
 * @typedef {import('./figures.js').Counts} Counts
 * @typedef {{ kind: 'good' | 'info' | 'bad', text: string }} Event
 */

/** Names of more tasks than this are not listed. */
const listed = 4

/**
 * What has happened to an application between two looks.
 *
 * @param {View} before
 * @param {View} after
 * @returns {Event[]}
 */
export function eventsBetween(before, after) {
  return [...replicaEvents(before, after), ...taskEvents(before, after), ...errorEvents(before, after)]
}

/** What a replica is called. @param {Replica} replica */
export function nameOf({ letter, id, here }) {
  if (id === '') return `${letter} (this process)`
  return here ? `${letter} (${id}, this process)` : `${letter} (${id})`
}

/** @param {View} before @param {View} after @returns {Event[]} */
function replicaEvents(before, after) {
  /** @type {Event[]} */
  const events = []
  const old = new Map(before.replicas.map((replica) => [replica.id, replica]))
  for (const replica of after.replicas) {
    const known = old.get(replica.id)
    if (known === undefined) events.push({ kind: 'good', text: `Replica ${nameOf(replica)} has joined.` })
    else if (known.answers !== replica.answers)
      events.push(
        replica.answers
          ? { kind: 'good', text: `Replica ${nameOf(replica)} answers again.` }
          : { kind: 'bad', text: `Replica ${nameOf(replica)} does not answer.` }
      )
    else if (known.state !== replica.state)
      events.push({ kind: kindOf(replica.state), text: `Replica ${nameOf(replica)} is ${replica.state}.` })
  }
  const now = new Set(after.replicas.map(({ id }) => id))
  for (const replica of before.replicas)
    if (!now.has(replica.id)) events.push({ kind: 'info', text: `Replica ${nameOf(replica)} has left.` })
  return events
}

/** @param {View} before @param {View} after @returns {Event[]} */
function taskEvents(before, after) {
  const old = new Map(before.tasks.map((task) => [task.task, task]))
  /** @type {Map<Replica, { begun: string[], moved: string[], restored: string[], records: number }>} */
  const by = new Map()
  const of = (/** @type {Replica} */ replica) => {
    const known = by.get(replica) ?? { begun: [], moved: [], restored: [], records: 0 }
    by.set(replica, known)
    return known
  }
  for (const { task, state, replica } of after.tasks) {
    const known = old.get(task)
    if (replica === undefined) continue
    const same = known?.replica?.id === replica.id
    if (!same) of(replica).moved.push(task)
    if (state === 'restoring' && (!same || known.state !== 'restoring')) of(replica).begun.push(task)
    const records = newOf(before, after, replica.id, ({ restored }) => restored)[task] ?? 0
    const wasRestoring = same && known.state === 'restoring'
    // also a restore that began and ended between two looks
    if (state !== 'running' || (!wasRestoring && (records === 0 || !same))) continue
    of(replica).restored.push(task)
  }
  return [...by].flatMap(([replica, { begun, moved, restored }]) => [
    ...(moved.length > 0 ? [info(`${nameOf(replica)} has ${tasks(moved)} now.`)] : []),
    ...(begun.length > 0 ? [info(`${nameOf(replica)} restores ${tasks(begun)}.`)] : []),
    ...(restored.length > 0
      ? [/** @type {Event} */ ({ kind: 'good', text: `${nameOf(replica)} has restored ${tasks(restored)}.` })]
      : [])
  ])
}

/** @param {View} before @param {View} after @returns {Event[]} */
function errorEvents(before, after) {
  return [
    ...grown(before, after, ({ deadLetters }) => deadLetters).map(([reason, more]) =>
      bad(`${count(more, 'dead letter')} (${reason}) in ${after.deadLetterTopic}.`)
    ),
    ...grown(before, after, ({ failures }) => failures).map(([code, more]) =>
      bad(`${count(more, 'failure')}: ${code}.`)
    )
  ]
}

/**
 * What has happened to the sinks of the processes, which are no application's: all views of one look tell the same of them.
 *
 * @param {View} before
 * @param {View} after
 * @returns {Event[]}
 */
export function sinkEvents(before, after) {
  return [
    ...grown(before, after, ({ sinkDeadLetters }) => sinkDeadLetters).map(([sink, more]) =>
      bad(`${count(more, 'dead letter')} of sink ${sink}.`)
    ),
    ...after.sinks.flatMap(({ sink, up }) => {
      const known = before.sinks.find((one) => one.sink === sink)
      if (known === undefined || known.up === up) return []
      return [up ? info(`Sink ${sink} is back.`) : bad(`Sink ${sink} is away.`)]
    })
  ]
}

/**
 * Over all replicas.
 *
 * @param {View} before
 * @param {View} after
 * @param {(counts: Counts) => Readonly<Record<string, number>>} of
 */
function grown(before, after, of) {
  const each = [...after.counts.keys()].map((id) => newOf(before, after, id, of))
  return Object.entries(added(each)).filter(([, more]) => more > 0)
}

/**
 * What a replica has counted since it told last. Of one that is heard for the first time it is not known what is new.
 *
 * @param {View} before
 * @param {View} after
 * @param {string} id
 * @param {(counts: Counts) => Readonly<Record<string, number>>} of
 * @returns {Record<string, number>}
 */
function newOf(before, after, id, of) {
  const [old, now] = [before.counts.get(id), after.counts.get(id)]
  return old === undefined || now === undefined ? {} : growth(of(old), of(now))
}

/** @param {string[]} names */
function tasks(names) {
  if (names.length === 1) return `task ${names[0]}`
  if (names.length <= listed) return `tasks ${names.join(', ')}`
  return `tasks ${names.slice(0, listed - 1).join(', ')} and ${names.length - listed + 1} more`
}

/** @param {string} state @returns {Event['kind']} */
function kindOf(state) {
  if (state === 'RUNNING') return 'good'
  return state === 'ERROR' ? 'bad' : 'info'
}

/** @param {string} text @returns {Event} */
const info = (text) => ({ kind: 'info', text })
/** @param {string} text @returns {Event} */
const bad = (text) => ({ kind: 'bad', text })
