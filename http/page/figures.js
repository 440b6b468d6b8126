/*
 * Figures for the model, out of what processes tell.
 */

/**
 * @typedef {import('../live/live-types.ts').LiveProcess} LiveProcess
 * @typedef {import('../live/live-types.ts').LiveApplication} LiveApplication
 * @typedef {import('./model.js').Task} Task
 * @typedef {import('./model.js').Part} Part
 * @typedef {import('./model.js').Store} Store
 * @typedef {import('./model.js').Sink} Sink
 *
 * @typedef {Readonly<Record<string, number>>} ByName
 *
 * @typedef {object} Counts what a replica has counted since it began
 * @property {ByName} deadLetters by kind of error
 * @property {ByName} dropped by reason
 * @property {ByName} failures by code
 * @property {ByName} restored changelog records, by task
 * @property {ByName} sinkDeadLetters by sink
 */

/** @param {string} application @param {string} task */
export const taskCounter = (application, task) => `task ${application} ${task}`
/** @param {string} application @param {string} key */
export const stepCounter = (application, key) => `step ${application} ${key}`
/** @param {string} sink */
export const sinkCounter = (sink) => `sink ${sink}`

/**
 * @param {readonly LiveApplication[]} applications
 * @param {LiveProcess['sinks']} sinks
 */
export function counters(applications, sinks) {
  /** @type {Map<string, number>} */
  const all = new Map(sinks.map(({ sink, written }) => [sinkCounter(sink), written]))
  for (const { application, tasks, steps } of applications) {
    for (const { task, processed } of tasks) all.set(taskCounter(application, task), processed)
    for (const { subTopology, node, records } of steps)
      all.set(stepCounter(application, `${subTopology}/${node}`), records)
  }
  return all
}

/** @param {string} id @returns {Task} */
export function unplaced(id) {
  return {
    task: id,
    part: Number(id.slice(0, id.indexOf('_'))),
    state: 'unplaced',
    replica: undefined,
    rate: 0,
    lag: null,
    lagSeconds: null,
    remaining: 0,
    progress: null,
    copies: []
  }
}

/** @param {Task[]} tasks */
export function partsOf(tasks) {
  /** @type {Map<number, Part>} */
  const parts = new Map()
  for (const part of new Set(tasks.map((task) => task.part))) {
    const own = tasks.filter((task) => task.part === part)
    const restoring = own.flatMap(({ progress }) => (progress === null ? [] : [progress]))
    parts.set(part, {
      rate: sum(own, ({ rate }) => rate),
      lag: sum(own, ({ lag }) => lag ?? 0),
      lagSeconds: Math.max(0, ...own.map(({ lagSeconds }) => lagSeconds ?? 0)),
      remaining: sum(own, ({ remaining }) => remaining),
      progress: mean(restoring),
      tasks: own
    })
  }
  return parts
}

/** @param {LiveApplication[]} all */
export function storesOf(all) {
  /** @type {Map<string, Store>} */
  const stores = new Map()
  for (const { store, bytes, remaining } of all.flatMap((one) => one.stores)) {
    const known = stores.get(store) ?? { store, bytes: 0, remaining: 0 }
    stores.set(store, { store, bytes: known.bytes + (bytes ?? 0), remaining: known.remaining + remaining })
  }
  return stores
}

/**
 * Sinks over all replicas. One that is silent has as much as it told last, but nobody knows what it has still to write.
 *
 * @param {Map<string, LiveProcess>} told
 * @param {Set<string>} heard replicas that answer
 * @param {(replica: string, sink: string) => number} rateOf
 * @returns {Sink[]}
 */
export function sinksOf(told, heard, rateOf) {
  /** @type {Map<string, Sink>} */
  const all = new Map()
  for (const [id, { sinks }] of told)
    for (const { sink, written, deadLetters, lag, up } of sinks) {
      const known = all.get(sink) ?? { sink, rate: 0, written: 0, deadLetters: 0, lag: 0, up: true }
      all.set(sink, {
        sink,
        rate: known.rate + rateOf(id, sink),
        written: known.written + written,
        deadLetters: known.deadLetters + deadLetters,
        lag: known.lag + (heard.has(id) ? lag : 0),
        up: known.up && up
      })
    }
  return [...all.values()].sort((a, b) => (a.sink < b.sink ? -1 : 1))
}

/**
 * @param {LiveApplication} one
 * @param {LiveProcess['sinks']} sinks
 * @returns {Counts}
 */
export function countsOf(one, sinks) {
  const { deadLetters, dropped, failures, stores } = one
  return {
    deadLetters,
    dropped,
    failures,
    restored: added(stores.map(({ task, restored }) => ({ [task]: restored }))),
    sinkDeadLetters: Object.fromEntries(sinks.map((one) => [one.sink, one.deadLetters]))
  }
}

/**
 * What has come to counts; they begin anew with their process.
 *
 * @param {Readonly<Record<string, number>>} before
 * @param {Readonly<Record<string, number>>} after
 */
export function growth(before, after) {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => {
      const old = before[name] ?? 0
      return [name, value < old ? value : value - old]
    })
  )
}

/** @param {Readonly<Record<string, number>>[]} records */
export function added(records) {
  /** @type {Record<string, number>} */
  const all = {}
  for (const record of records)
    for (const [name, count] of Object.entries(record)) all[name] = (all[name] ?? 0) + count
  return all
}

/** A to Z, then AA and so on. @param {number} index @returns {string} */
export function letterOf(index) {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : letterOf(Math.floor(index / 26) - 1) + letter
}

/** By sub-topology, then by partition. @param {string} a @param {string} b */
export function byTask(a, b) {
  const [[part = 0, partition = 0], [otherPart = 0, otherPartition = 0]] = [
    a.split('_').map(Number),
    b.split('_').map(Number)
  ]
  return part - otherPart || partition - otherPartition
}

/** @template T @param {readonly T[]} all @param {(one: T) => number} of */
export function sum(all, of) {
  return all.reduce((total, one) => total + of(one), 0)
}

/** @param {number[]} numbers */
export function mean(numbers) {
  return numbers.length === 0 ? null : sum(numbers, (one) => one) / numbers.length
}
