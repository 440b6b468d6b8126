import * as say from './describe.js'
import { setAttribute, setText, svg, sync } from './dom.js'
import { headHeight, square } from './scene.js'
import { topicFacts, total } from './topics.js'

/**
 * @typedef {import('./scene.js').Scene} Scene
 * @typedef {import('./scene.js').Item} Item
 * @typedef {import('./scene.js').PartItem} PartItem
 * @typedef {import('./model.js').View} View
 * @typedef {import('./model.js').Task} Task
 * @typedef {import('../../topology/described.ts').DescribedTopology} DescribedTopology
 */

/** Colours there are for replicas; letters tell them apart beyond. */
export const colours = 8

const roles = {
  source: 'input topic',
  repartition: 'repartition topic',
  output: 'output topic',
  'dead-letters': 'dead-letter topic'
}

/** The graph as SVG. One stop for the tab key; arrow keys move on to what is nearest, Enter opens. */
export class Picture {
  /** @type {SVGSVGElement} */
  #element
  /** @type {Scene} */
  #scene = { width: 0, height: 0, items: [], routes: [] }
  #current = ''

  /**
   * @param {SVGSVGElement} element
   * @param {(id: string) => void} onSelect
   * @param {(part: number) => void} onToggle
   */
  constructor(element, onSelect, onToggle) {
    this.#element = element
    element.setAttribute('role', 'group')
    element.setAttribute('aria-labelledby', 'graph-title')
    element.setAttribute('aria-describedby', 'graph-hint')
    element.addEventListener('click', (event) => {
      const target = /** @type {Element} */ (event.target)
      const id = target.closest('[data-id]')?.getAttribute('data-id')
      if (!id) return
      this.#makeCurrent(id)
      if (target.closest('.toggle') === null) onSelect(id)
      else onToggle(Number(id.slice('part/'.length)))
    })
    element.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === ' ') onSelect(this.#current)
      else if (event.key.startsWith('Arrow')) this.#move(event.key.slice('Arrow'.length).toLowerCase())
      else return
      event.preventDefault()
    })
    element.addEventListener('focusin', (event) => {
      const id = /** @type {Element} */ (event.target).closest('[data-id]')?.getAttribute('data-id')
      if (id) this.#makeCurrent(id)
    })
  }

  get size() {
    return { width: this.#scene.width, height: this.#scene.height }
  }

  /** @param {string} id */
  focus(id) {
    const element = this.#find(id)
    if (element instanceof SVGElement) element.focus()
  }

  /** @param {Scene} scene @param {'right' | 'down'} direction */
  draw(scene, direction) {
    const focused = document.activeElement?.getAttribute('data-id')
    this.#scene = scene
    const routes = scene.routes.map((route) => {
      const path = svg('path', {
        class: route.inner ? 'route inner' : 'route',
        d: curve(route.points, direction)
      })
      path.setAttribute('marker-end', route.inner ? 'url(#arrow-inner)' : 'url(#arrow)')
      return path
    })
    this.#element.setAttribute('viewBox', `0 0 ${scene.width} ${scene.height}`)
    this.#element.replaceChildren(
      svg('defs', {}, marker('arrow', 7), marker('arrow-inner', 6)),
      // sub-topologies first: links into them and their steps lie above them
      svg('g', {}, ...scene.items.filter(({ kind }) => kind === 'part').map(drawn)),
      svg('g', { 'aria-hidden': 'true' }, ...routes),
      svg('g', {}, ...scene.items.filter(({ kind }) => kind !== 'part').map(drawn))
    )
    const first = scene.items.find(({ kind }) => kind !== 'port')?.id ?? ''
    this.#makeCurrent(this.#find(this.#current) === null ? first : this.#current)
    if (focused) this.focus(focused)
  }

  /** @param {DescribedTopology} topology @param {View} view @param {string} selected */
  update(topology, view, selected) {
    const routes = this.#element.querySelectorAll('.route')
    this.#scene.routes.forEach(({ counters }, place) => {
      const path = /** @type {SVGPathElement} */ (routes[place])
      const rate = Math.min(...counters.map((counter) => view.steps.get(counter)?.rate ?? 0))
      const flows = counters.length > 0 && rate > 0
      path.classList.toggle('flows', flows)
      path.style.setProperty(
        '--strength',
        flows ? String(Math.min(4, 1.4 + Math.log10(1 + rate) * 0.6)) : '1.4'
      )
    })
    for (const item of this.#scene.items) {
      const element = this.#find(item.id)
      if (element === null || item.kind === 'port') continue
      setAttribute(element, 'aria-pressed', String(item.id === selected))
      updateItem(element, item, topology, view)
    }
  }

  /** @param {string} id */
  #find(id) {
    return this.#element.querySelector(`[data-id="${CSS.escape(id)}"]`)
  }

  /** @param {string} id */
  #makeCurrent(id) {
    this.#find(this.#current)?.setAttribute('tabindex', '-1')
    this.#current = id
    this.#find(id)?.setAttribute('tabindex', '0')
  }

  /** To what is nearest in that direction. @param {string} direction */
  #move(direction) {
    const from = this.#scene.items.find(({ id }) => id === this.#current)
    if (from === undefined) return
    const x = Number(direction === 'right') - Number(direction === 'left')
    const y = Number(direction === 'down') - Number(direction === 'up')
    let nearest
    let least = Number.POSITIVE_INFINITY
    for (const item of this.#scene.items) {
      if (item === from || item.kind === 'port') continue
      const [dx, dy] = [middle(item).x - middle(from).x, middle(item).y - middle(from).y]
      const ahead = dx * x + dy * y
      const aside = Math.abs(dx * y) + Math.abs(dy * x)
      if (ahead <= 1 || ahead + 2 * aside >= least) continue
      least = ahead + 2 * aside
      nearest = item
    }
    if (nearest !== undefined) this.focus(nearest.id)
  }
}

/** @param {Item} item */
function middle({ x, y, width, height }) {
  return { x: x + width / 2, y: y + height / 2 }
}

/** @param {string} id @param {number} size */
function marker(id, size) {
  const box = { id, viewBox: '0 0 10 10', refX: 8, refY: 5, markerWidth: size, markerHeight: size }
  return svg(
    'marker',
    { ...box, markerUnits: 'userSpaceOnUse', orient: 'auto' },
    svg('path', { class: 'arrow', d: 'M0 1L9 5L0 9z' })
  )
}

/** @param {import('./layout.js').Point[]} points @param {'right' | 'down'} direction */
function curve(points, direction) {
  const at = (/** @type {number} */ n) => Math.round(n * 10) / 10
  return points
    .map(({ x, y }, place) => {
      const last = points[place - 1]
      if (last === undefined) return `M${at(x)} ${at(y)}`
      const right = direction === 'right'
      const bend = Math.max(right ? (x - last.x) / 2 : (y - last.y) / 2, 12)
      const [a, b] = right
        ? [`${at(last.x + bend)} ${at(last.y)}`, `${at(x - bend)} ${at(y)}`]
        : [`${at(last.x)} ${at(last.y + bend)}`, `${at(x)} ${at(y - bend)}`]
      return `C${a} ${b} ${at(x)} ${at(y)}`
    })
    .join('')
}

/** @param {Item} item */
function drawn(item) {
  const { id, kind, x, y, width, height, title } = item
  if (kind === 'port')
    return svg('circle', {
      class: 'port',
      cx: x + width / 2,
      cy: y + height / 2,
      r: width / 2,
      'aria-hidden': 'true'
    })
  const group = svg('g', {
    'data-id': id,
    class: `item ${kind}`,
    role: 'button',
    tabindex: -1,
    transform: `translate(${x} ${y})`
  })
  if (kind === 'topic') group.classList.add(item.role)
  const radius = kind === 'part' ? 12 : kind === 'step' ? 8 : height / 2
  group.append(svg('title', {}, title), svg('rect', { class: 'shape', width, height, rx: radius }))
  if (kind === 'part') drawPart(group, item)
  else if (kind === 'step') {
    group.append(text('label', 12, 18, item.label), text('figure', 12, 33, ''))
    if (item.stores.length > 0) group.append(cylinder(width - 24, height / 2 - 8))
  } else {
    group.append(kind === 'global' ? cylinder(12, height / 2 - 8) : log(13, height / 2 - 6))
    group.append(text('label', 32, 15, item.label), text('figure', 32, 28, ''))
  }
  return group
}

/** @param {SVGGElement} group @param {PartItem} item */
function drawPart(group, { label, subtitle, width, expanded, tasks }) {
  const toggle = svg('g', { class: 'toggle', transform: `translate(${width - 34} 6)` })
  toggle.append(
    svg('rect', { width: 28, height: 28, rx: 8 }),
    svg('path', { d: expanded ? 'M9 14h10' : 'M9 14h10M14 9v10' }),
    svg('title', {}, expanded ? 'Hide its steps' : 'Show its steps')
  )
  const rows = Math.min(square.rows, Math.max(1, Math.ceil(tasks / square.perRow)))
  const below = headHeight + rows * square.pitch
  group.append(
    text('label', 14, 22, label),
    text('subtitle', 14, 38, subtitle),
    text('figure', 14, 57, ''),
    svg('g', { class: 'squares', transform: `translate(14 ${headHeight})` }),
    svg('rect', { class: 'bar-back', x: 14, y: below, width: width - 28, height: 5, rx: 2.5 }),
    svg('rect', { class: 'bar', x: 14, y: below, width: 0, height: 5, rx: 2.5 }),
    toggle
  )
}

/**
 * @param {Element} element
 * @param {Exclude<Item, { kind: 'port' }>} item
 * @param {DescribedTopology} topology
 * @param {View} view
 */
function updateItem(element, item, topology, view) {
  const figure = /** @type {Element} */ (element.querySelector('.figure'))
  if (item.kind === 'part') return updatePart(element, figure, item, view)
  if (item.kind === 'step') {
    const step = view.steps.get(`${item.part}/${item.name}`)
    setText(figure, say.rate(step?.rate ?? 0))
    name(element, `Step ${item.name} of sub-topology ${item.part}`)
  } else if (item.kind === 'global') {
    setText(figure, 'global table')
    name(element, `Global table ${item.name}`)
  } else {
    const { rate } = topicFacts(topology, view, item.name)
    const dead = item.role === 'dead-letters' ? total(view.deadLetters) : undefined
    setText(
      figure,
      dead === undefined ? (rate === undefined ? 'topic' : say.rate(rate)) : say.count(dead, 'dead letter')
    )
    name(element, `${item.name}, ${roles[item.role]}${dead ? `, ${say.count(dead, 'dead letter')}` : ''}`)
    element.classList.toggle('alarm', (dead ?? 0) > 0)
  }
}

/**
 * @param {Element} element
 * @param {Element} figure
 * @param {PartItem} item
 * @param {View} view
 */
function updatePart(element, figure, item, view) {
  const part = view.parts.get(item.part)
  const tasks = part?.tasks ?? []
  const running = tasks.filter(({ state }) => state === 'running').length
  setText(figure, `${say.rate(part?.rate ?? 0)} · ${say.compact(part?.lag ?? 0)} behind`)
  const state = stateOf(tasks)
  element.classList.toggle('restoring', state === 'restoring')
  element.classList.toggle('alarm', state === 'unplaced' || state === 'unknown')
  const { progress = null } = part ?? {}
  const bar = /** @type {Element} */ (element.querySelector('.bar'))
  setAttribute(bar, 'width', String(Math.round((item.width - 28) * (progress ?? 0))))
  element.classList.toggle('has-bar', progress !== null)
  name(
    element,
    `Sub-topology ${item.part}, ${running} of ${say.count(tasks.length, 'task')} running${state === 'running' ? '' : `, ${state}`}`
  )
  const most = square.rows * square.perRow
  const shown = tasks.length > most ? tasks.slice(0, most - 1) : tasks
  const squares = /** @type {Element} */ (element.querySelector('.squares'))
  sync(squares, shown, ({ task }) => task, drawSquare, updateSquare)
  shown.forEach((_, place) => {
    const [column, row] = [place % square.perRow, Math.floor(place / square.perRow)]
    setAttribute(
      /** @type {Element} */ (squares.children[place]),
      'transform',
      `translate(${column * square.pitch} ${row * square.pitch})`
    )
  })
}

/**
 * What a thing is called: its title, by which it is read out and which shows when the pointer rests on it. Figures are left out: they change
 * all the time.
 *
 * @param {Element} element
 * @param {string} text
 */
function name(element, text) {
  const title = element.firstElementChild
  if (title !== null) setText(title, text)
}

/** The state that matters most. @param {Task[]} tasks @returns {Task['state']} */
export function stateOf(tasks) {
  for (const state of /** @type {const} */ (['unplaced', 'unknown', 'restoring']))
    if (tasks.some((task) => task.state === state)) return state
  return 'running'
}

/** A task: its replica's colour and letter, filled as far as it is restored. */
function drawSquare() {
  const size = square.pitch - 4
  return svg(
    'g',
    { class: 'square' },
    svg('title'),
    svg('rect', { class: 'outline', x: 0.75, y: 0.75, width: size - 1.5, height: size - 1.5, rx: 3.5 }),
    svg('rect', { class: 'fill', width: size, height: size, rx: 3.5 }),
    text('letter', size / 2, size / 2 + 3.5, '')
  )
}

/** @param {Element} element @param {Task} task */
function updateSquare(element, { task, state, replica, progress }) {
  const size = square.pitch - 4
  const colour = replica === undefined ? '' : ` replica-${replica.index % colours}`
  setAttribute(element, 'class', `square ${state}${colour}`)
  const done = state === 'running' ? size : Math.round(size * (progress ?? 0))
  const fill = /** @type {Element} */ (element.querySelector('.fill'))
  setAttribute(fill, 'y', String(size - done))
  setAttribute(fill, 'height', String(done))
  setText(/** @type {Element} */ (element.querySelector('.letter')), replica?.letter.slice(0, 2) ?? '?')
  setText(
    /** @type {Element} */ (element.querySelector('title')),
    `Task ${task}: ${state}${replica === undefined ? '' : ` on ${replica.letter}`}`
  )
}

/** @param {string} name @param {number} x @param {number} y @param {string} content */
function text(name, x, y, content) {
  return svg('text', { class: name, x, y }, content)
}

/** A store. @param {number} x @param {number} y */
function cylinder(x, y) {
  return svg('path', {
    class: 'icon',
    transform: `translate(${x} ${y})`,
    d: 'M0 3a6 2.6 0 0 1 12 0v10a6 2.6 0 0 1-12 0zM0 3a6 2.6 0 0 0 12 0'
  })
}

/** A topic. @param {number} x @param {number} y */
function log(x, y) {
  return svg('path', { class: 'icon', transform: `translate(${x} ${y})`, d: 'M0 1h12M0 6h12M0 11h8' })
}
