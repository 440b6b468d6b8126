import { ordered } from './order.js'

/**
 * @typedef {object} Box
 * @property {string} id
 * @property {number} width
 * @property {number} height
 * @property {'first' | 'last'} [pinned] to the first or the last layer
 *
 * @typedef {{ from: string, to: string }} Link
 * @typedef {{ x: number, y: number }} Point
 *
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {Map<string, Point>} places upper left corners
 * @property {{ from: string, to: string, points: Point[] }[]} routes from box to box, through the gaps of the layers between
 *
 * @typedef {object} Options
 * @property {'right' | 'down'} direction where links go
 * @property {number} gap between boxes of a layer
 * @property {number} layerGap between layers
 *
 * @typedef {{ size: number, depth: number, layer: number, at: number, weight: number }} Member a box, or where a link passes a layer; `size` across
 */

const settling = 10
/** A link that passes a layer takes that much of it. */
const passing = 10

/**
 * A layered layout: links go one way, from layer to layer; cycles are broken where they close. Members of a layer are ordered so that few links
 * cross, then moved towards their neighbours as far as the gaps allow.
 *
 * @param {readonly Box[]} boxes
 * @param {readonly Link[]} links between these boxes; those to itself are left out
 * @param {Options} options
 * @returns {Layout}
 */
export function layered(boxes, links, options) {
  const { direction, gap, layerGap } = options
  const right = direction === 'right'
  const index = new Map(boxes.map(({ id }, place) => [id, place]))
  const ends = forward(boxes.length, distinct(links, index))
  const layerOf = layersOf(boxes, ends)
  /** @type {Member[]} */
  const members = boxes.map(({ width, height }, place) => ({
    size: right ? height : width,
    depth: right ? width : height,
    layer: layerOf[place] ?? 0,
    at: 0,
    weight: 1
  }))
  const chains = ends.map(({ from, to, turned }) => ({ chain: chainOf(members, from, to), turned }))
  const before = /** @type {number[][]} */ (members.map(() => []))
  const after = /** @type {number[][]} */ (members.map(() => []))
  for (const { chain } of chains)
    for (let step = 1; step < chain.length; step++) {
      after[Number(chain[step - 1])]?.push(Number(chain[step]))
      before[Number(chain[step])]?.push(Number(chain[step - 1]))
    }
  const layers = ordered(byLayer(members), before, after)
  settle(layers, members, before, after, gap)

  const starts = depthsOf(layers, members, layerGap)
  const least = Math.min(...members.map(({ at, size }) => at - size / 2), Number.POSITIVE_INFINITY)
  const low = Number.isFinite(least) ? least : 0
  const across = Math.max(...members.map(({ at, size }) => at + size / 2 - low), 0)
  const along = starts.at(-1) ?? 0
  /** @type {(depth: number, at: number) => Point} */
  const point = (depth, at) => (right ? { x: depth, y: at - low } : { x: at - low, y: depth })
  const middleOf = (/** @type {number} */ layer) =>
    Number(starts[layer]) + thickness(layers, members, layer) / 2

  const places = new Map(
    boxes.map(({ id }, place) => {
      const { depth, at, size, layer } = /** @type {Member} */ (members[place])
      return [id, point(middleOf(layer) - depth / 2, at - size / 2)]
    })
  )
  const routes = chains.map(({ chain, turned }) => {
    const points = chain.flatMap((place, step) => {
      const { depth, at, layer } = /** @type {Member} */ (members[place])
      const middle = middleOf(layer)
      if (step === 0) return [point(middle + depth / 2, at)]
      if (step === chain.length - 1) return [point(middle - depth / 2, at)]
      const half = thickness(layers, members, layer) / 2
      return [point(middle - half, at), point(middle + half, at)]
    })
    const [from, to] = [boxes[Number(chain[0])]?.id ?? '', boxes[Number(chain.at(-1))]?.id ?? '']
    return turned ? { from: to, to: from, points: points.reverse() } : { from, to, points }
  })
  return { width: right ? along : across, height: right ? across : along, places, routes }
}

/**
 * @param {readonly Link[]} links
 * @param {Map<string, number>} index
 */
function distinct(links, index) {
  /** @type {Map<string, { from: number, to: number }>} */
  const found = new Map()
  for (const link of links) {
    const [from, to] = [index.get(link.from), index.get(link.to)]
    if (from !== undefined && to !== undefined && from !== to) found.set(`${from} ${to}`, { from, to })
  }
  return [...found.values()]
}

/**
 * Turns those links around that close a cycle.
 *
 * @param {number} count
 * @param {{ from: number, to: number }[]} links
 */
function forward(count, links) {
  const next = Array.from({ length: count }, () => /** @type {number[]} */ ([]))
  const entered = new Set(links.map(({ to }) => to))
  for (const { from, to } of links) next[from]?.push(to)
  const state = new Uint8Array(count)
  /** @type {Set<string>} */
  const closing = new Set()
  const visit = (/** @type {number} */ place) => {
    state[place] = 1
    for (const to of next[place] ?? [])
      if (state[to] === 1) closing.add(`${place} ${to}`)
      else if (state[to] === 0) visit(to)
    state[place] = 2
  }
  const all = Array.from({ length: count }, (_, place) => place)
  // where nothing comes in is where to begin
  for (const place of [...all.filter((one) => !entered.has(one)), ...all])
    if (state[place] === 0) visit(place)
  return links.map(({ from, to }) =>
    closing.has(`${from} ${to}`) ? { from: to, to: from, turned: true } : { from, to, turned: false }
  )
}

/**
 * As early as possible; what nothing comes into, as late as possible: beside what it goes to.
 *
 * @param {readonly Box[]} boxes
 * @param {{ from: number, to: number }[]} links
 */
function layersOf(boxes, links) {
  const layers = boxes.map(() => 0)
  for (let changed = true; changed; ) {
    changed = false
    for (const { from, to } of links)
      if (Number(layers[to]) <= Number(layers[from])) {
        layers[to] = Number(layers[from]) + 1
        changed = true
      }
  }
  const last = Math.max(0, ...layers)
  boxes.forEach(({ pinned }, place) => {
    const out = links.filter(({ from }) => from === place)
    const isSource = out.length > 0 && links.every(({ to }) => to !== place)
    if (pinned === 'first') layers[place] = 0
    else if (pinned === 'last') layers[place] = last
    else if (isSource) layers[place] = Math.min(...out.map(({ to }) => Number(layers[to]))) - 1
  })
  return layers
}

/**
 * The members that a link goes through; it adds one for each layer that it passes.
 *
 * @param {Member[]} members
 * @param {number} from
 * @param {number} to
 */
function chainOf(members, from, to) {
  const chain = [from]
  const [start, end] = [members[from]?.layer ?? 0, members[to]?.layer ?? 0]
  for (let layer = start + 1; layer < end; layer++) {
    // heavy, so that long links are straight
    members.push({ size: passing, depth: 0, layer, at: 0, weight: 4 })
    chain.push(members.length - 1)
  }
  chain.push(to)
  return chain
}

/** @param {Member[]} members */
function byLayer(members) {
  const count = Math.max(0, ...members.map(({ layer }) => layer + 1))
  const layers = Array.from({ length: count }, () => /** @type {number[]} */ ([]))
  members.forEach(({ layer }, place) => {
    layers[layer]?.push(place)
  })
  return layers
}

/**
 * Moves members towards the mean of their neighbours, layer by layer, down and up.
 *
 * @param {number[][]} layers
 * @param {Member[]} members
 * @param {number[][]} before
 * @param {number[][]} after
 * @param {number} gap
 */
function settle(layers, members, before, after, gap) {
  const of = (/** @type {number} */ place) => /** @type {Member} */ (members[place])
  for (const layer of layers)
    spread(
      layer.map(of),
      layer.map(() => 0),
      gap
    )
  for (let turn = 0; turn < settling; turn++) {
    const down = turn % 2 === 0
    for (const layer of down ? layers : layers.toReversed()) {
      const wished = layer.map((place) => {
        const near = (turn >= settling - 2 ? [before, after] : [down ? before : after]).flatMap(
          (neighbours) => neighbours[place] ?? []
        )
        if (near.length === 0) return of(place).at
        return near.reduce((sum, one) => sum + of(one).at, 0) / near.length
      })
      spread(layer.map(of), wished, gap)
    }
  }
}

/**
 * As near to what is wished as gaps and order allow, by least squares: members that would overlap become a block that has the mean of their
 * wishes (isotonic regression, pool adjacent violators).
 *
 * @param {Member[]} layer
 * @param {number[]} wished
 * @param {number} gap
 */
function spread(layer, wished, gap) {
  /** @type {{ sum: number, weight: number, count: number }[]} */
  const blocks = []
  const offsets = /** @type {number[]} */ ([])
  layer.forEach((member, place) => {
    const previous = layer[place - 1]
    const offset =
      previous === undefined ? 0 : Number(offsets[place - 1]) + (previous.size + member.size) / 2 + gap
    offsets.push(offset)
    let block = { sum: (Number(wished[place]) - offset) * member.weight, weight: member.weight, count: 1 }
    for (
      let top = blocks.at(-1);
      top !== undefined && top.sum / top.weight >= block.sum / block.weight;
      top = blocks.at(-1)
    ) {
      blocks.pop()
      block = { sum: top.sum + block.sum, weight: top.weight + block.weight, count: top.count + block.count }
    }
    blocks.push(block)
  })
  let place = 0
  for (const { sum, weight, count } of blocks)
    for (let n = 0; n < count; n++, place++)
      /** @type {Member} */ (layer[place]).at = sum / weight + Number(offsets[place])
}

/**
 * Where each layer begins, and behind the last where the whole ends.
 *
 * @param {number[][]} layers
 * @param {Member[]} members
 * @param {number} layerGap
 */
function depthsOf(layers, members, layerGap) {
  const starts = [0]
  layers.forEach((_, layer) => {
    const isLast = layer === layers.length - 1
    starts.push(Number(starts[layer]) + thickness(layers, members, layer) + (isLast ? 0 : layerGap))
  })
  return starts
}

/**
 * @param {number[][]} layers
 * @param {Member[]} members
 * @param {number} layer
 */
function thickness(layers, members, layer) {
  return Math.max(0, ...(layers[layer] ?? []).map((place) => members[place]?.depth ?? 0))
}
