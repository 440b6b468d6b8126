import { shortened } from './describe.js'
import { layered } from './layout.js'

/**
 * @typedef {import('../../topology/described.ts').DescribedTopology} DescribedTopology
 * @typedef {import('../../topology/described.ts').DescribedSubTopology} DescribedSubTopology
 * @typedef {import('./layout.js').Point} Point
 *
 * @typedef {{ id: string, x: number, y: number, width: number, height: number, label: string, title: string }} Shape
 * @typedef {Shape & { kind: 'topic', name: string, role: 'source' | 'repartition' | 'output' | 'dead-letters' }} TopicItem
 * @typedef {Shape & { kind: 'part', part: number, subtitle: string, expanded: boolean, tasks: number }} PartItem
 * @typedef {Shape & { kind: 'step', part: number, name: string, stores: readonly string[] }} StepItem
 * @typedef {Shape & { kind: 'global', name: string, topics: readonly string[] }} GlobalItem a global table
 * @typedef {Shape & { kind: 'port' }} PortItem where records come into an opened sub-topology, or leave it
 * @typedef {TopicItem | PartItem | StepItem | GlobalItem | PortItem} Item
 *
 * @typedef {object} Route
 * @property {Point[]} points
 * @property {string[]} counters steps whose records take this way
 * @property {boolean} inner
 *
 * @typedef {{ width: number, height: number, items: Item[], routes: Route[] }} Scene
 *
 * @typedef {object} SceneOptions
 * @property {'right' | 'down'} direction
 * @property {ReadonlySet<number>} expanded sub-topologies whose steps are shown
 * @property {(part: number) => number} tasks of a sub-topology
 * @property {string} deadLetterTopic `''`: none
 * @property {(label: string) => number} widthOf a label as it is written
 */

export const partWidth = 216
/** Squares for tasks: their distance, how many stand in a row, and how many rows there are at most. */
export const square = { pitch: 19, perRow: 10, rows: 4 }
const padding = 14
const topicHeight = 34
const stepHeight = 42
const margin = 16
const port = 8
const topicCharacters = 30
const stepCharacters = 26

/** Above the squares of a sub-topology. */
export const headHeight = 66
/** The bar of a restore, below them. */
const footHeight = 14

/**
 * A graph as a picture: topics and sub-topologies, and of those that are opened the steps. Sub-topologies are laid out each by itself, then all of
 * them and the topics.
 *
 * @param {DescribedTopology} topology
 * @param {SceneOptions} options
 * @returns {Scene}
 */
export function sceneOf(topology, options) {
  const { direction, deadLetterTopic } = options
  /** @type {(name: string, around: number) => number} */
  const topicWidth = (name, around) =>
    Math.max(96, Math.ceil(options.widthOf(shortened(name, topicCharacters))) + around)
  const rooms = topology.subTopologies.map((part) => roomOf(part, options))
  const topics = topicsOf(topology, deadLetterTopic)
  const globals = topology.globalStores.map(({ source, processor }) => ({
    name: processor.stores[0] ?? processor.name,
    topics: source.topics
  }))
  const boxes = [
    ...topics.map(({ name }) => ({
      id: topicId(name),
      width: topicWidth(name, 48),
      height: topicHeight
    })),
    ...rooms.map(({ part, width, height }) => ({ id: partId(part.id), width, height })),
    ...globals.map(({ name }) => ({
      id: `global/${name}`,
      width: topicWidth(name, 48),
      height: topicHeight
    }))
  ]
  const outer = rooms.flatMap(({ part }) => part.nodes.flatMap((node) => linksOf(part, node)))
  const links = [
    ...outer,
    ...globals.flatMap(({ name, topics: read }) =>
      read.map((topic) => ({ from: topicId(topic), to: `global/${name}`, node: '', counters: [] }))
    )
  ]
  const plan = layered(boxes, links, { direction, gap: 22, layerGap: direction === 'right' ? 56 : 48 })
  const place = (/** @type {string} */ id) => shifted(plan.places.get(id) ?? { x: 0, y: 0 }, margin, margin)
  const shape = (/** @type {string} */ id) => {
    const { width = 0, height = 0 } = boxes.find((box) => box.id === id) ?? {}
    return { id, ...place(id), width, height }
  }

  /** @type {Item[]} */
  const items = topics.map(({ name, role }) => ({
    kind: 'topic',
    ...shape(topicId(name)),
    name,
    role,
    label: shortened(name, topicCharacters),
    title: name
  }))
  for (const room of rooms) {
    const { part, tasks, inner } = room
    const at = shape(partId(part.id))
    const title = `Sub-topology ${part.id}`
    const subtitle = shortened(namesOf(part), 30)
    items.push({
      kind: 'part',
      ...at,
      part: part.id,
      label: title,
      title,
      subtitle,
      expanded: inner !== undefined,
      tasks
    })
    if (inner !== undefined) items.push(...innerItems(room, at))
  }
  for (const { name, topics: read } of globals)
    items.push({
      kind: 'global',
      ...shape(`global/${name}`),
      name,
      topics: read,
      label: shortened(name, topicCharacters),
      title: name
    })

  const routes = [
    ...plan.routes.map(({ from, to, points }) => outerRoute(from, to, points)),
    ...rooms.flatMap((room) => innerRoutes(room, place(partId(room.part.id))))
  ]
  return { width: plan.width + 2 * margin, height: plan.height + 2 * margin, items, routes }

  /**
   * @param {string} from
   * @param {string} to
   * @param {Point[]} points
   * @returns {Route}
   */
  function outerRoute(from, to, points) {
    const own = links.filter((link) => link.from === from && link.to === to)
    const moved = points.map((point) => shifted(point, margin, margin))
    for (const [id, last] of /** @type {const} */ ([
      [from, false],
      [to, true]
    ])) {
      const room = rooms.find(({ part }) => partId(part.id) === id)
      const dot = room?.inner?.places.get(own[0]?.node ?? '')
      // into an opened one as far as where its records come in
      if (room === undefined || dot === undefined) continue
      const corner = place(id)
      const end = { x: corner.x + dot.x + port / 2, y: corner.y + dot.y + port / 2 }
      moved.splice(last ? -1 : 0, 1, end)
    }
    return { points: moved, counters: own.flatMap(({ counters }) => counters), inner: false }
  }
}

/** @param {string} name */
export const topicId = (name) => `topic/${name}`
/** @param {number} part */
export const partId = (part) => `part/${part}`
/** @param {number} part @param {string} name */
export const stepId = (part, name) => `step/${part}/${name}`

/**
 * @typedef {object} Room a sub-topology's size, and what is in it if it is opened
 * @property {DescribedSubTopology} part
 * @property {number} tasks
 * @property {number} width
 * @property {number} height
 * @property {(import('./layout.js').Layout & { boxes: import('./layout.js').Box[] }) | undefined} inner places from its upper left corner on
 */

/** @param {DescribedSubTopology} part @param {SceneOptions} options @returns {Room} */
function roomOf(part, { direction, expanded, tasks, widthOf }) {
  const count = tasks(part.id)
  const rows = Math.min(square.rows, Math.max(1, Math.ceil(count / square.perRow)))
  const head = headHeight + rows * square.pitch + footHeight
  if (!expanded.has(part.id)) return { part, tasks: count, width: partWidth, height: head, inner: undefined }
  const boxes = part.nodes.map((node) =>
    node.type === 'processor'
      ? {
          id: node.name,
          width: Math.max(
            84,
            Math.ceil(widthOf(shortened(node.name, stepCharacters))) + (node.stores.length > 0 ? 44 : 26)
          ),
          height: stepHeight
        }
      : {
          id: node.name,
          width: port,
          height: port,
          pinned: node.type === 'source' ? /** @type {const} */ ('first') : /** @type {const} */ ('last')
        }
  )
  const links = part.nodes.flatMap((node) =>
    node.type === 'sink' ? [] : node.successors.map((to) => ({ from: node.name, to }))
  )
  const plan = layered(boxes, links, { direction, gap: 16, layerGap: 30 })
  const width = Math.max(partWidth, plan.width + 2 * padding)
  // in the middle of what the head asks for
  const left = (width - plan.width) / 2
  const moved = (/** @type {Point} */ point) => shifted(point, left, head + 4)
  const inner = {
    ...plan,
    boxes,
    places: new Map([...plan.places].map(([id, point]) => [id, moved(point)])),
    routes: plan.routes.map((route) => ({ ...route, points: route.points.map(moved) }))
  }
  return { part, tasks: count, width, height: head + 4 + plan.height + padding, inner }
}

/**
 * @param {Room} room
 * @param {Point} corner
 * @returns {Item[]}
 */
function innerItems({ part, inner }, corner) {
  return part.nodes.map((node) => {
    const { x, y } = shifted(inner?.places.get(node.name) ?? { x: 0, y: 0 }, corner.x, corner.y)
    if (node.type !== 'processor')
      return {
        kind: 'port',
        id: `port/${part.id}/${node.name}`,
        x,
        y,
        width: port,
        height: port,
        label: '',
        title: node.name
      }
    return {
      kind: 'step',
      id: stepId(part.id, node.name),
      x,
      y,
      width: inner?.boxes.find(({ id }) => id === node.name)?.width ?? 0,
      height: stepHeight,
      part: part.id,
      name: node.name,
      stores: node.stores,
      label: shortened(node.name, stepCharacters),
      title: node.name
    }
  })
}

/**
 * @param {Room} room
 * @param {Point} corner
 * @returns {Route[]}
 */
function innerRoutes({ part, inner }, corner) {
  const types = new Map(part.nodes.map((node) => [node.name, node.type]))
  return (inner?.routes ?? []).map(({ from, to, points }) => ({
    points: points.map((point) => shifted(point, corner.x, corner.y)),
    // a source is not counted, but what it hands its records to
    counters: [`${part.id}/${types.get(from) === 'source' ? to : from}`, `${part.id}/${to}`],
    inner: true
  }))
}

/**
 * Between topics and a sub-topology, by a source or a sink of it.
 *
 * @param {DescribedSubTopology} part
 * @param {DescribedSubTopology['nodes'][number]} node
 */
function linksOf(part, node) {
  if (node.type === 'sink')
    return [
      {
        from: partId(part.id),
        to: topicId(node.topic),
        node: node.name,
        counters: [`${part.id}/${node.name}`]
      }
    ]
  if (node.type === 'processor') return []
  return node.topics.map((topic) => ({
    from: topicId(topic),
    to: partId(part.id),
    node: node.name,
    counters: countersOfSource(part, node.name).slice(0, 1)
  }))
}

/**
 * Steps that see each record of a source and no others.
 *
 * @param {DescribedSubTopology} part
 * @param {string} source
 * @returns {string[]}
 */
export function countersOfSource(part, source) {
  return part.nodes.flatMap((node) =>
    node.type !== 'source' && node.predecessors.length === 1 && node.predecessors[0] === source
      ? [`${part.id}/${node.name}`]
      : []
  )
}

/**
 * @param {DescribedTopology} topology
 * @param {string} deadLetterTopic
 */
function topicsOf({ subTopologies, globalStores }, deadLetterTopic) {
  const nodes = subTopologies.flatMap((part) => part.nodes)
  const written = nodes.flatMap((node) => (node.type === 'sink' ? [node.topic] : []))
  const read = [
    ...nodes.flatMap((node) => (node.type === 'source' ? node.topics : [])),
    ...globalStores.flatMap(({ source }) => source.topics)
  ]
  const names = new Set([...read, ...written, ...(deadLetterTopic === '' ? [] : [deadLetterTopic])])
  return [...names].map((name) => ({ name, role: roleOf(name) }))

  /** @param {string} name @returns {TopicItem['role']} */
  function roleOf(name) {
    if (name === deadLetterTopic) return 'dead-letters'
    if (!written.includes(name)) return 'source'
    return name.endsWith('-repartition') ? 'repartition' : 'output'
  }
}

/** What a sub-topology is about: its first stores, else its first steps. @param {DescribedSubTopology} part */
function namesOf({ stores, nodes }) {
  const steps = nodes.flatMap((node) => (node.type === 'processor' ? [node.name] : []))
  const names = stores.length > 0 ? stores.map(({ name }) => name) : steps
  return names.slice(0, 3).join(', ')
}

/** @param {Point} point @param {number} x @param {number} y */
function shifted(point, x, y) {
  return { x: point.x + x, y: point.y + y }
}
