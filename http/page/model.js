import {
  added,
  byTask,
  counters,
  countsOf,
  letterOf,
  mean,
  partsOf,
  sinkCounter,
  sinksOf,
  stepCounter,
  storesOf,
  sum,
  taskCounter,
  unplaced
} from './figures.js'
import { Rates } from './rates.js'

/**
 * @typedef {import('../live/live-types.ts').LiveSnapshot} LiveSnapshot
 * @typedef {import('../live/live-types.ts').LiveProcess} LiveProcess
 * @typedef {import('../live/live-types.ts').LiveApplication} LiveApplication
 * @typedef {import('../live/live-types.ts').LiveTask} LiveTask
 * @typedef {import('./figures.js').Counts} Counts
 *
 * @typedef {'running' | 'restoring' | 'unplaced' | 'unknown'} TaskState unknown: its process does not answer
 *
 * @typedef {object} Task
 * @property {string} task
 * @property {number} part its sub-topology
 * @property {TaskState} state
 * @property {Replica | undefined} replica who has it
 * @property {number} rate records a second
 * @property {number | null} lag
 * @property {number | null} lagSeconds
 * @property {number} remaining changelog offsets still to be restored
 * @property {number | null} progress of the restore, 0 to 1; null while none is under way
 * @property {Copy[]} copies
 *
 * @typedef {{ replica: Replica, role: 'standby' | 'warmup', lag: number | null }} Copy
 *
 * @typedef {object} Replica
 * @property {string} id its endpoint; `''` for one that has none
 * @property {string} letter
 * @property {number} index of its letter
 * @property {boolean} here the process that the page is from
 * @property {boolean} answers
 * @property {string} state
 * @property {number} rate
 * @property {number} lag
 * @property {string[]} active
 * @property {string[]} copies
 * @property {number} remaining
 *
 * @typedef {object} Store
 * @property {string} store
 * @property {number} bytes on disk, at all replicas
 * @property {number} remaining
 *
 * @typedef {object} Part a sub-topology
 * @property {number} rate
 * @property {number} lag
 * @property {number} lagSeconds of the task that is furthest behind
 * @property {number} remaining
 * @property {number | null} progress of its restores, 0 to 1; null while none is under way
 * @property {Task[]} tasks
 *
 * @typedef {object} Sink
 * @property {string} sink
 * @property {number} rate
 * @property {number} written
 * @property {number} deadLetters
 * @property {number} lag
 * @property {boolean} up
 *
 * @typedef {object} View an application as it is over all its replicas
 * @property {string} application
 * @property {Replica[]} replicas
 * @property {number} rate
 * @property {number} lag
 * @property {number} remaining
 * @property {number | null} progress
 * @property {Map<number, Part>} parts
 * @property {Map<string, { rate: number, records: number }>} steps by `<sub-topology>/<step>`
 * @property {Map<string, Store>} stores
 * @property {Task[]} tasks
 * @property {string} deadLetterTopic
 * @property {Record<string, number>} deadLetters by kind of error, since the replicas began
 * @property {Record<string, number>} dropped
 * @property {Record<string, number>} failures
 * @property {Sink[]} sinks of the processes
 * @property {Map<string, Counts>} counts by replica; of a silent one, what it told last
 */

/** Makes of one look after the other what there is to show. Remembers of the past what rates and restores need, and no more. */
export class Model {
  #rates = new Rates()
  /** What restores had applied when none was under way. @type {Map<string, number>} */
  #atRest = new Map()
  /** Letters of replicas. @type {Map<string, number>} */
  #letters = new Map()
  /** What each replica told last, which counts on while it is silent. @type {Map<string, LiveProcess>} */
  #told = new Map()
  /** Tasks that were seen of this graph, by application. @type {Map<string, Set<string>>} */
  #tasks = new Map()
  #graph = ''

  /**
   * @param {LiveSnapshot} snapshot
   * @returns {View[]} one for each application of the process that was asked
   */
  take(snapshot) {
    const processes = snapshot.processes.map((process, place) => ({
      ...process,
      id: process.endpoint ?? '',
      here: place === 0
    }))
    for (const { id, at, applications, sinks } of processes)
      this.#rates.take(id, at, counters(applications, sinks))
    this.#rates.keep(new Set(processes.map(({ id }) => id)))
    const { applications: asked = [], graph = this.#graph } = processes[0] ?? {}
    if (graph !== this.#graph) this.#tasks.clear()
    this.#graph = graph
    const present = new Set([
      ...processes.map(({ id }) => id),
      ...snapshot.silent,
      ...asked.flatMap(({ clients }) => clients.map(({ endpoint }) => endpoint))
    ])
    this.#name(present)
    for (const key of this.#atRest.keys())
      if (!present.has(key.slice(0, key.indexOf(' ')))) this.#atRest.delete(key)
    for (const process of processes) this.#told.set(process.id, process)
    for (const id of this.#told.keys()) if (!present.has(id)) this.#told.delete(id)
    const heard = new Set(processes.map(({ id }) => id))
    const sinks = sinksOf(this.#told, heard, (id, sink) => this.#rates.of(id, sinkCounter(sink)))
    return asked.map(({ application }) => this.#view(application, processes, sinks))
  }

  /** Each replica has the first letter that is free when it comes. @param {Set<string>} present */
  #name(present) {
    for (const id of this.#letters.keys()) if (!present.has(id)) this.#letters.delete(id)
    const taken = new Set(this.#letters.values())
    for (const id of present) {
      if (this.#letters.has(id)) continue
      let index = 0
      while (taken.has(index)) index++
      taken.add(index)
      this.#letters.set(id, index)
    }
  }

  /**
   * @param {string} application
   * @param {(LiveProcess & { id: string, here: boolean })[]} processes
   * @param {Sink[]} sinks
   * @returns {View}
   */
  #view(application, processes, sinks) {
    /** @type {{ replica: Replica, one: LiveApplication }[]} */
    const known = processes.flatMap(({ id, here, applications }) => {
      const one = applications.find((candidate) => candidate.application === application)
      return one === undefined ? [] : [{ replica: this.#replica(id, here, one), one }]
    })
    const clients = known[0]?.one.clients ?? []
    const silent = clients
      .filter(({ endpoint }) => !known.some(({ replica }) => replica.id === endpoint))
      .map((client) => ({ replica: this.#silent(client.endpoint), client }))
    const tasks = this.#allTasks(application, known, silent)
    const parts = partsOf(tasks)
    const active = tasks.filter(({ progress }) => progress !== null)
    const counts = this.#counts(application)
    const all = [...counts.values()]
    return {
      application,
      replicas: [...known, ...silent].map(({ replica }) => replica).sort((a, b) => a.index - b.index),
      rate: sum(tasks, ({ rate }) => rate),
      lag: sum(tasks, ({ lag }) => lag ?? 0),
      remaining: sum(tasks, ({ remaining }) => remaining),
      progress: mean(active.map(({ progress }) => progress ?? 0)),
      parts,
      steps: this.#steps(known),
      stores: storesOf(known.map(({ one }) => one)),
      tasks,
      deadLetterTopic: known[0]?.one.deadLetterTopic ?? '',
      deadLetters: added(all.map(({ deadLetters }) => deadLetters)),
      dropped: added(all.map(({ dropped }) => dropped)),
      failures: added(all.map(({ failures }) => failures)),
      sinks,
      counts
    }
  }

  /** @param {string} application @returns {Map<string, Counts>} */
  #counts(application) {
    return new Map(
      [...this.#told].flatMap(([id, { applications, sinks }]) => {
        const one = applications.find((candidate) => candidate.application === application)
        return one === undefined ? [] : [[id, countsOf(one, sinks)]]
      })
    )
  }

  /**
   * @param {string} id
   * @param {boolean} here
   * @param {LiveApplication} one
   * @returns {Replica}
   */
  #replica(id, here, one) {
    const active = one.tasks.filter(({ role }) => role === 'active')
    return {
      ...this.#silent(id),
      here,
      answers: true,
      state: one.state,
      rate: sum(active, ({ task }) => this.#rates.of(id, taskCounter(one.application, task))),
      lag: sum(active, ({ lag }) => lag ?? 0),
      active: active.map(({ task }) => task).sort(byTask),
      copies: one.tasks.flatMap(({ task, role }) => (role === 'active' ? [] : [task])).sort(byTask),
      remaining: sum(one.stores, ({ remaining }) => remaining)
    }
  }

  /** @param {string} id @returns {Replica} */
  #silent(id) {
    const index = this.#letters.get(id) ?? 0
    return {
      id,
      letter: letterOf(index),
      index,
      here: false,
      answers: false,
      state: 'does not answer',
      rate: 0,
      lag: 0,
      active: [],
      copies: [],
      remaining: 0
    }
  }

  /**
   * @param {string} application
   * @param {{ replica: Replica, one: LiveApplication }[]} known
   * @param {{ replica: Replica, client: LiveApplication['clients'][number] }[]} silent
   */
  #allTasks(application, known, silent) {
    /** @type {Map<string, Task>} */
    const tasks = new Map()
    const remembered = this.#tasks.get(application) ?? new Set()
    this.#tasks.set(application, remembered)
    const of = (/** @type {string} */ id) => {
      const task = tasks.get(id) ?? unplaced(id)
      tasks.set(id, task)
      remembered.add(id)
      return task
    }
    for (const { replica, client } of silent) {
      replica.active = [...client.active].sort(byTask)
      replica.copies = [...client.standby].sort(byTask)
      for (const id of client.active) Object.assign(of(id), { state: 'unknown', replica })
    }
    for (const { replica, one } of known)
      for (const live of one.tasks)
        if (live.role !== 'active') of(live.task).copies.push({ replica, role: live.role, lag: live.lag })
        else Object.assign(of(live.task), this.#active(replica, one, live))
    // one that nobody has at the moment
    for (const id of remembered) of(id)
    return [...tasks.values()].sort((a, b) => byTask(a.task, b.task))
  }

  /**
   * @param {Replica} replica
   * @param {LiveApplication} one
   * @param {LiveTask} live
   * @returns {Partial<Task>}
   */
  #active(replica, one, live) {
    const stores = one.stores.filter(({ task }) => task === live.task)
    const remaining = sum(stores, (store) => store.remaining)
    const restored = sum(stores, (store) => store.restored)
    const key = `${replica.id} ${one.application} ${live.task}`
    if (live.running) this.#atRest.set(key, restored)
    // its process has begun anew
    else if (restored < (this.#atRest.get(key) ?? 0)) this.#atRest.delete(key)
    // what an earlier life of the task restored is not of this restore
    const now = restored - (this.#atRest.get(key) ?? 0)
    const progress = live.running ? null : remaining === 0 ? 0 : now / (now + remaining)
    return {
      state: live.running ? 'running' : 'restoring',
      replica,
      rate: this.#rates.of(replica.id, taskCounter(one.application, live.task)),
      lag: live.lag,
      lagSeconds: live.lagSeconds,
      remaining: live.running ? 0 : remaining,
      progress
    }
  }

  /** @param {{ replica: Replica, one: LiveApplication }[]} known */
  #steps(known) {
    /** @type {View['steps']} */
    const steps = new Map()
    for (const { replica, one } of known)
      for (const { subTopology, node, records } of one.steps) {
        const key = `${subTopology}/${node}`
        const step = steps.get(key) ?? { rate: 0, records: 0 }
        step.rate += this.#rates.of(replica.id, stepCounter(one.application, key))
        step.records += records
        steps.set(key, step)
      }
    return steps
  }
}
