import * as say from './describe.js'
import { html, setText } from './dom.js'
import { nameOf } from './events.js'
import { stateOf } from './picture.js'
import { fill, scrolled, taskRows } from './tables.js'
import { topicFacts, total } from './topics.js'

/**
 * @typedef {import('./model.js').View} View
 * @typedef {import('../../topology/described.ts').DescribedTopology} DescribedTopology
 *
 * @typedef {object} Content what the panel says of a thing
 * @property {string} title
 * @property {string} kind
 * @property {[string, string][]} facts
 * @property {{ caption: string, heads: string[], rows: import('./tables.js').Row[] }[]} tables
 * @property {string[]} notes
 */

/**
 * @param {string} id of an item of the picture
 * @param {DescribedTopology} topology
 * @param {View} view
 * @returns {Content | undefined} undefined: there is no such thing any more
 */
export function contentOf(id, topology, view) {
  const [kind, ...rest] = id.split('/')
  if (kind === 'part') return partContent(Number(rest[0]), topology, view)
  if (kind === 'step') return stepContent(Number(rest[0]), rest.slice(1).join('/'), topology, view)
  if (kind === 'global') return globalContent(rest.join('/'), topology)
  if (kind !== 'topic') return undefined
  const name = rest.join('/')
  return name === view.deadLetterTopic ? deadLetterContent(view) : topicContent(name, topology, view)
}

/** Shows it, leaving alone what is the same. @param {Element} parent @param {Content} content */
export function showContent(parent, { kind, facts, tables, notes }) {
  const shape = [
    kind,
    ...facts.map(([name]) => name),
    ...tables.map(({ caption }) => caption),
    ...notes
  ].join('\n')
  if (parent.getAttribute('data-shape') !== shape) {
    parent.setAttribute('data-shape', shape)
    parent.replaceChildren(
      html('p', { class: 'kind' }, kind),
      html(
        'dl',
        { class: 'facts' },
        ...facts.map(([name]) => html('div', {}, html('dt', {}, name), html('dd')))
      ),
      ...notes.map((note) => html('p', { class: 'note' }, note)),
      ...tables.map(({ caption, heads }) => scrolled(caption, heads))
    )
  }
  parent.querySelectorAll('.facts dd').forEach((dd, place) => {
    setText(dd, facts[place]?.[1] ?? '')
  })
  parent.querySelectorAll('table').forEach((element, place) => {
    fill(element, tables[place]?.rows ?? [])
  })
}

/** @param {number} id @param {DescribedTopology} topology @param {View} view @returns {Content | undefined} */
function partContent(id, topology, view) {
  const described = topology.subTopologies.find((one) => one.id === id)
  if (described === undefined) return undefined
  const part = view.parts.get(id)
  const tasks = part?.tasks ?? []
  const running = tasks.filter(({ state }) => state === 'running').length
  const owners = new Set(tasks.flatMap(({ replica }) => (replica === undefined ? [] : [nameOf(replica)])))
  /** @type {[string, string][]} */
  const facts = [
    ['State', stateOf(tasks)],
    ['Tasks that run', `${running} of ${tasks.length}`],
    ['Records', say.rate(part?.rate ?? 0)],
    ['Behind', say.count(part?.lag ?? 0, 'record')],
    ['Age of the next record', say.duration(part?.lagSeconds ?? 0)],
    ['To be restored', say.count(part?.remaining ?? 0, 'record')],
    ['Replicas', [...owners].join(', ') || 'none']
  ]
  const stores = described.stores.map(({ name, kind, changelog }) => {
    const store = view.stores.get(name)
    return {
      key: name,
      cells: [name, kind, say.size(store?.bytes ?? 0), say.number(store?.remaining ?? 0), changelog ?? 'none']
    }
  })
  const steps = described.nodes
    .filter(({ type }) => type !== 'source')
    .map(({ name }) => {
      const step = view.steps.get(`${id}/${name}`)
      return { key: name, cells: [name, say.rate(step?.rate ?? 0), say.number(step?.records ?? 0)] }
    })
  return {
    title: `Sub-topology ${id}`,
    kind: 'Steps that run together, in one task for each partition',
    facts,
    notes: [],
    tables: [
      {
        caption: 'Tasks',
        heads: ['Task', 'On', 'State', 'Records', 'Behind', 'Age', 'Copies'],
        rows: taskRows(tasks)
      },
      ...(stores.length > 0
        ? [
            {
              caption: 'Stores',
              heads: ['Store', 'Kind', 'On disk', 'To restore', 'Changelog'],
              rows: stores
            }
          ]
        : []),
      { caption: 'Steps', heads: ['Step', 'Records', 'Since start'], rows: steps }
    ]
  }
}

/** @param {number} part @param {string} name @param {DescribedTopology} topology @param {View} view @returns {Content | undefined} */
function stepContent(part, name, topology, view) {
  const described = topology.subTopologies.find(({ id }) => id === part)
  const node = described?.nodes.find((one) => one.name === name)
  if (described === undefined || node?.type !== 'processor') return undefined
  const step = view.steps.get(`${part}/${name}`)
  const stores = node.stores.map((store) => {
    const known = view.stores.get(store)
    const kind = described.stores.find((one) => one.name === store)?.kind ?? 'global'
    return {
      key: store,
      cells: [store, kind, say.size(known?.bytes ?? 0), say.number(known?.remaining ?? 0)]
    }
  })
  return {
    title: name,
    kind: `Step of sub-topology ${part}`,
    facts: [
      ['State', stateOf(view.parts.get(part)?.tasks ?? [])],
      ['Records', say.rate(step?.rate ?? 0)],
      ['Since the replicas began', say.count(step?.records ?? 0, 'record')],
      ['After', node.predecessors.join(', ') || 'none'],
      ['Before', node.successors.join(', ') || 'none']
    ],
    notes: [],
    tables:
      stores.length > 0
        ? [{ caption: 'Stores', heads: ['Store', 'Kind', 'On disk', 'To restore'], rows: stores }]
        : []
  }
}

/** @param {string} name @param {DescribedTopology} topology @param {View} view @returns {Content | undefined} */
function topicContent(name, topology, view) {
  const { writers, readers, rate } = topicFacts(topology, view, name)
  const tables = topology.globalStores.filter(({ source }) => source.topics.includes(name))
  if (writers.length + readers.length + tables.length === 0) return undefined
  const behind = readers.map(({ part, node }) => ({
    key: `${part}/${node}`,
    cells: [`Sub-topology ${part}`, node, say.number(view.parts.get(part)?.lag ?? 0)]
  }))
  const written = writers.map(({ part, node, rate: each }) => ({
    key: `${part}/${node}`,
    cells: [`Sub-topology ${part}`, node, say.rate(each)]
  }))
  return {
    title: name,
    kind:
      writers.length === 0
        ? 'Topic that is read'
        : readers.length === 0
          ? 'Topic that is written'
          : 'Topic between sub-topologies',
    facts: [
      ['Records', rate === undefined ? 'not counted by itself' : say.rate(rate)],
      ['Global tables', tables.flatMap(({ processor }) => processor.stores).join(', ') || 'none']
    ],
    notes: [],
    tables: [
      ...(written.length > 0
        ? [{ caption: 'Written by', heads: ['Sub-topology', 'Sink', 'Records'], rows: written }]
        : []),
      ...(behind.length > 0
        ? [{ caption: 'Read by', heads: ['Sub-topology', 'Source', 'Behind, all its inputs'], rows: behind }]
        : [])
    ]
  }
}

/** @param {string} name @param {DescribedTopology} topology @returns {Content | undefined} */
function globalContent(name, topology) {
  const found = topology.globalStores.find(({ processor }) => processor.stores.includes(name))
  if (found === undefined) return undefined
  const facts = /** @type {[string, string][]} */ ([['Topics', found.source.topics.join(', ')]])
  return { title: name, kind: 'Global table: every replica has all of it', facts, notes: [], tables: [] }
}

/** @param {View} view @returns {Content} */
function deadLetterContent(view) {
  const rows = (/** @type {Record<string, number>} */ counts) =>
    Object.entries(counts).map(([reason, many]) => ({ key: reason, cells: [reason, say.number(many)] }))
  return {
    title: view.deadLetterTopic,
    kind: 'Dead-letter topic',
    facts: [['Dead letters', say.number(total(view.deadLetters))]],
    notes: [
      'Counted since the replicas began; those of aborted transactions, too. Why each one is there stands in its headers.'
    ],
    tables: [
      { caption: 'Dead letters by kind of error', heads: ['Kind', 'Records'], rows: rows(view.deadLetters) },
      { caption: 'Records without effect', heads: ['Reason', 'Records'], rows: rows(view.dropped) }
    ]
  }
}
