import { Connection } from './connection.js'
import * as say from './describe.js'
import { byId, html, setAttribute, setText, sync } from './dom.js'
import { eventsBetween, sinkEvents } from './events.js'
import { Model } from './model.js'
import { contentOf, showContent } from './panel.js'
import { Picture } from './picture.js'
import { sceneOf } from './scene.js'
import { fill, scrolled, showReplicas, sinkRows, stepRows, taskRows } from './tables.js'
import { showTiles } from './tiles.js'

/**
 * @typedef {import('./model.js').View} View
 * @typedef {import('../../topology/described.ts').DescribedTopology} DescribedTopology
 */

/** Of the latest looks, for the little curves. */
const historyLength = 120
const mostEvents = 60
/** A screen reader is told what happened at most this often. */
const announceMs = 4_000
/** A graph begins with its sub-topologies closed if its steps would have to be smaller than this. */
const goodScale = 0.8
/** A picture that would have to be smaller than this to fit is scrolled. */
const leastScale = 0.7
/** As in the style, px. */
const stagePadding = 16

const phone = matchMedia('(max-width: 760px)')
const model = new Model()
const main = byId('main')
const stage = byId('stage')
const panel = byId('panel')
const select = /** @type {HTMLSelectElement} */ (byId('application'))

/** @type {Map<string, View>} */
let views = new Map()
/** @type {Record<string, DescribedTopology>} */
let topologies = {}
let application = ''
/** By application. @type {Map<string, Set<number>>} */
const expanded = new Map()
/** @type {Map<string, { rate: number, lag: number }[]>} */
const histories = new Map()
let selected = ''
/** 0: as large as fits. */
let zoom = 0
let drawnAs = ''
/** @type {{ key: string, at: number, kind: string, text: string }[]} */
let events = []
let eventNumber = 0
/** @type {string[]} */
let unspoken = []

const pen = document.createElement('canvas').getContext('2d')

const captions = {
  tasks: 'Tasks: where each runs and how far it is',
  steps: 'Steps: what goes through each',
  sinks: 'Sinks of these processes'
}
const heads = {
  tasks: ['Task', 'On', 'State', 'Records', 'Behind', 'Age', 'Copies'],
  steps: ['Step', 'Sub-topology', 'Records', 'Since start', 'Goes on to'],
  sinks: ['Sink', 'State', 'Records', 'Behind', 'Written', 'Dead letters']
}
const tables = { tasks: madeTable('tasks'), steps: madeTable('steps'), sinks: madeTable('sinks') }

const picture = new Picture(
  /** @type {SVGSVGElement} */ (/** @type {unknown} */ (byId('graph'))),
  choose,
  toggle
)

const connection = new Connection(
  (snapshot, described) => {
    topologies = described
    const before = views
    views = new Map(model.take(snapshot).map((view) => [view.application, view]))
    for (const view of views.values()) remember(before.get(view.application), view)
    const first = views.values().next().value
    const former = first && before.get(first.application)
    if (first && former) tell(sinkEvents(former, first))
    for (const one of [before, histories, expanded])
      for (const key of one.keys()) if (!views.has(key)) one.delete(key)
    if (!views.has(application)) application = views.keys().next().value ?? ''
    main.hidden = false
    byId('token').hidden = true
    show()
    setText(byId('last-look'), `Last look at ${say.clock(Date.now())}.`)
  },
  (state, problem, wrongToken) => {
    const texts = {
      connecting: 'Connecting…',
      live: 'Live',
      lost: `Connection lost: ${problem}. These figures are old; trying again.`,
      token: 'Token needed',
      paused: 'Paused while hidden'
    }
    const element = byId('connection')
    setAttribute(element, 'class', `connection ${state}`)
    setText(element, texts[state])
    main.classList.toggle('stale', state === 'lost')
    byId('forget').hidden = !connection.hasToken || state === 'token'
    if (state !== 'token') return
    main.hidden = true
    byId('token').hidden = false
    setText(byId('token-problem'), wrongToken ? 'This is not the token.' : '')
    byId('token-value').focus()
  }
)

/**
 * @param {View | undefined} before
 * @param {View} view
 */
function remember(before, view) {
  const history = histories.get(view.application) ?? []
  histories.set(view.application, history)
  history.push({ rate: view.rate, lag: view.lag })
  if (history.length > historyLength) history.shift()
  if (before === undefined) return
  tell(eventsBetween(before, view), views.size > 1 ? `${view.application}: ` : '')
}

/**
 * @param {ReturnType<typeof eventsBetween>} found
 * @param {string} prefix
 */
function tell(found, prefix = '') {
  for (const { kind, text } of found) {
    events.unshift({ key: String(++eventNumber), at: Date.now(), kind, text: prefix + text })
    unspoken.push(prefix + text)
  }
  events = events.slice(0, mostEvents)
  unspoken = unspoken.slice(-5)
}

/** @param {keyof typeof heads} name */
function madeTable(name) {
  const place = scrolled(captions[name], heads[name])
  byId(`${name}-table`).append(place)
  return /** @type {HTMLTableElement} */ (place.firstChild)
}

function show() {
  const view = views.get(application)
  const topology = topologies[application]
  showChoice()
  if (view === undefined || topology === undefined) return
  setText(byId('title'), view.application)
  showTiles(byId('tiles'), view, histories.get(application) ?? [])
  draw(topology, view)
  picture.update(topology, view, selected)
  showReplicas(byId('replicas'), view)
  showPanel(topology, view)
  showEvents()
  fill(tables.tasks, taskRows(view.tasks))
  setText(byId('tasks-count'), String(view.tasks.length))
  const steps = stepRows(view, topology)
  fill(tables.steps, steps)
  setText(byId('steps-count'), String(steps.length))
  fill(tables.sinks, sinkRows(view))
  byId('sinks-details').hidden = view.sinks.length === 0
  setText(byId('sinks-count'), String(view.sinks.length))
}

function showChoice() {
  byId('choice').hidden = views.size < 2
  sync(
    select,
    [...views.keys()],
    (name) => name,
    (name) => html('option', { value: name }, name),
    () => undefined
  )
  select.value = application
}

/** Anew only if it would be another picture. @param {DescribedTopology} topology @param {View} view */
function draw(topology, view) {
  const open = expanded.get(application) ?? firstOpen(topology, view)
  expanded.set(application, open)
  const counts = topology.subTopologies.map(({ id }) => view.parts.get(id)?.tasks.length ?? 0)
  const as = JSON.stringify([topology, direction(), [...open], counts, view.deadLetterTopic])
  setAttribute(
    byId('steps'),
    'aria-pressed',
    String(open.size > 0 && open.size === topology.subTopologies.length)
  )
  if (as !== drawnAs) {
    picture.draw(sceneWith(topology, view, open), direction())
    drawnAs = as
  }
  scale()
}

/** As the picture's labels are written. @param {string} label */
function widthOf(label) {
  if (pen === null) return label.length * 8
  pen.font = `600 12.5px ${getComputedStyle(document.body).fontFamily}`
  return pen.measureText(label).width
}

/** All, if they can be read without scrolling. @param {DescribedTopology} topology @param {View} view @returns {Set<number>} */
function firstOpen(topology, view) {
  const all = new Set(topology.subTopologies.map(({ id }) => id))
  return !phone.matches && sceneWith(topology, view, all).width * goodScale <= stage.clientWidth
    ? all
    : new Set()
}

/** @param {DescribedTopology} topology @param {View} view @param {Set<number>} open */
function sceneWith(topology, { parts, deadLetterTopic }, open) {
  const tasks = (/** @type {number} */ part) => parts.get(part)?.tasks.length ?? 0
  return sceneOf(topology, { direction: direction(), expanded: open, tasks, deadLetterTopic, widthOf })
}

function direction() {
  return phone.matches ? 'down' : 'right'
}

/** @param {number} least */
function fitting(least) {
  const room = stage.clientWidth - 2 * stagePadding
  return Math.min(1.1, Math.max(least, room / Math.max(1, picture.size.width)))
}

function scale() {
  const { width, height } = picture.size
  const factor = zoom === 0 ? fitting(leastScale) : zoom
  const style = byId('graph').style
  style.width = `${Math.floor(width * factor)}px`
  style.height = `${Math.floor(height * factor)}px`
}

/** @param {number} factor */
function zoomBy(factor) {
  zoom = Math.min(2.5, Math.max(0.25, (zoom === 0 ? fitting(leastScale) : zoom) * factor))
  scale()
}

/** @param {string} id */
function choose(id) {
  selected = id
  show()
  // who cannot see where it opened is taken there
  if (!panel.hidden) byId('panel-title').focus()
}

function close() {
  if (selected === '') return
  const id = selected
  selected = ''
  show()
  picture.focus(id)
}

/** @param {number} part */
function toggle(part) {
  const open = expanded.get(application)
  if (!open?.delete(part)) open?.add(part)
  show()
}

/** @param {DescribedTopology} topology @param {View} view */
function showPanel(topology, view) {
  const content = selected === '' ? undefined : contentOf(selected, topology, view)
  panel.hidden = content === undefined
  document.body.classList.toggle('with-panel', content !== undefined)
  if (content === undefined) return
  setText(byId('panel-title'), content.title)
  showContent(byId('panel-body'), content)
  const button = byId('open-steps')
  button.hidden = !selected.startsWith('part/')
  const isOpen = expanded.get(application)?.has(Number(selected.slice('part/'.length)))
  setText(button, isOpen ? 'Hide its steps in the picture' : 'Show its steps in the picture')
}

function showEvents() {
  byId('no-events').hidden = events.length > 0
  sync(
    byId('events'),
    events,
    ({ key }) => key,
    ({ kind, at, text }) =>
      html('li', { class: kind }, html('time', {}, say.clock(at)), html('span', {}, text)),
    () => undefined
  )
}

// what scrolls can be scrolled by keyboard
byId('events').tabIndex = 0
select.addEventListener('change', () => {
  application = select.value
  selected = ''
  show()
})
byId('token').addEventListener('submit', (event) => {
  event.preventDefault()
  const field = /** @type {HTMLInputElement} */ (byId('token-value'))
  connection.useToken(field.value.trim())
  field.value = ''
})
byId('forget').addEventListener('click', () => connection.useToken(undefined))
byId('close').addEventListener('click', close)
byId('open-steps').addEventListener('click', () => toggle(Number(selected.slice('part/'.length))))
byId('steps').addEventListener('click', () => {
  const all = topologies[application]?.subTopologies.map(({ id }) => id) ?? []
  expanded.set(application, new Set(expanded.get(application)?.size === all.length ? [] : all))
  show()
})
byId('smaller').addEventListener('click', () => zoomBy(1 / 1.25))
byId('larger').addEventListener('click', () => zoomBy(1.25))
byId('fit').addEventListener('click', () => {
  zoom = zoom === fitting(0.1) ? 0 : fitting(0.1)
  scale()
})
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') close()
})
phone.addEventListener('change', () => {
  show()
  stage.scrollTo(0, 0)
})
new ResizeObserver(scale).observe(stage)
setInterval(() => {
  if (unspoken.length === 0) return
  setText(byId('announcer'), unspoken.join(' '))
  unspoken = []
}, announceMs)
connection.start()
