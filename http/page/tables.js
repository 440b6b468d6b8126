import * as say from './describe.js'
import { html, setAttribute, setText, sync } from './dom.js'
import { nameOf } from './events.js'
import { colours } from './picture.js'

/**
 * @typedef {import('./model.js').View} View
 * @typedef {import('./model.js').Replica} Replica
 * @typedef {import('./model.js').Task} Task
 * @typedef {{ key: string, cells: string[], state?: string }} Row
 */

/** Rows as text. @param {HTMLTableElement} table @param {readonly Row[]} rows */
export function fill(table, rows) {
  const body = table.tBodies[0] ?? table.createTBody()
  sync(
    body,
    rows,
    ({ key }) => key,
    ({ cells }) =>
      html('tr', {}, ...cells.map((_, place) => (place === 0 ? html('th', { scope: 'row' }) : html('td')))),
    (element, { cells, state }) => {
      setAttribute(element, 'class', state)
      cells.forEach((cell, place) => {
        const child = element.children[place]
        if (child !== undefined) setText(child, cell)
      })
    }
  )
}

/** @param {string} caption @param {string[]} heads */
function table(caption, heads) {
  return html(
    'table',
    {},
    html('caption', {}, caption),
    html('thead', {}, html('tr', {}, ...heads.map((head) => html('th', { scope: 'col' }, head)))),
    html('tbody')
  )
}

/** In a place of its own, which can be scrolled by keyboard. @param {string} caption @param {string[]} heads */
export function scrolled(caption, heads) {
  const attributes = { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' }
  return html('div', attributes, table(caption, heads))
}

/** @param {Task} task */
export function stateText({ state, remaining, progress }) {
  if (state === 'unplaced') return 'nobody has it'
  if (state === 'unknown') return 'not known'
  return state === 'restoring'
    ? `restoring, ${say.percent(progress ?? 0)}, ${say.number(remaining)} to go`
    : 'running'
}

/** @param {readonly Task[]} tasks @returns {Row[]} */
export function taskRows(tasks) {
  return tasks.map((task) => ({
    key: task.task,
    state: task.state,
    cells: [
      task.task,
      task.replica?.letter ?? '–',
      stateText(task),
      say.rate(task.rate),
      task.lag === null ? '–' : say.number(task.lag),
      task.lagSeconds === null ? '–' : say.duration(task.lagSeconds),
      task.copies
        .map(
          ({ replica, role, lag }) =>
            `${replica.letter} (${role}, ${lag === null ? 'lag not known' : `${say.count(lag, 'record')} behind`})`
        )
        .join(', ') || '–'
    ]
  }))
}

/** @param {View} view @param {import('../../topology/described.ts').DescribedTopology} topology @returns {Row[]} */
export function stepRows(view, topology) {
  return topology.subTopologies.flatMap(({ id, nodes }) =>
    nodes
      .filter(({ type }) => type !== 'source')
      .map((node) => {
        const step = view.steps.get(`${id}/${node.name}`)
        const into =
          node.type === 'sink'
            ? `topic ${node.topic}`
            : node.type === 'processor'
              ? node.successors.join(', ')
              : ''
        return {
          key: `${id}/${node.name}`,
          cells: [
            node.name,
            String(id),
            say.rate(step?.rate ?? 0),
            say.number(step?.records ?? 0),
            into || '–'
          ]
        }
      })
  )
}

/** @param {View} view @returns {Row[]} */
export function sinkRows({ sinks }) {
  return sinks.map(({ sink, rate, lag, written, deadLetters, up }) => ({
    key: sink,
    state: up ? 'running' : 'unplaced',
    cells: [
      sink,
      up ? 'up' : 'away',
      say.rate(rate),
      say.number(lag),
      say.number(written),
      say.number(deadLetters)
    ]
  }))
}

/** One card for each replica. @param {Element} parent @param {View} view */
export function showReplicas(parent, { replicas, tasks }) {
  const own = (/** @type {Replica} */ replica) => tasks.filter((task) => task.replica === replica)
  sync(
    parent,
    replicas,
    ({ id }) => `replica ${id}`,
    () =>
      html(
        'li',
        { class: 'replica' },
        html('span', { class: 'badge', 'aria-hidden': 'true' }),
        html('div', { class: 'who' }, html('strong'), html('span', { class: 'state' })),
        html(
          'dl',
          {},
          ...['Records', 'Behind', 'Tasks', 'Copies'].map((name) =>
            html('div', {}, html('dt', {}, name), html('dd'))
          )
        ),
        html(
          'p',
          { class: 'restore' },
          html('progress', { max: '1', 'aria-label': 'Restored' }),
          html('span')
        )
      ),
    (element, replica) => {
      const find = (/** @type {string} */ selector) =>
        /** @type {HTMLElement} */ (element.querySelector(selector))
      const active = own(replica)
      const restoring = active.filter(({ state }) => state === 'restoring')
      setAttribute(
        element,
        'class',
        `replica replica-${replica.index % colours}${replica.answers ? '' : ' silent'}`
      )
      setText(find('.badge'), replica.letter)
      setText(find('strong'), nameOf(replica))
      setText(find('.state'), replica.state)
      const running = active.filter(({ state }) => state === 'running').length
      const cells = [
        replica.answers ? say.rate(replica.rate) : '–',
        replica.answers ? say.number(replica.lag) : '–',
        running === active.length ? String(running) : `${running} of ${active.length}`,
        String(replica.copies.length)
      ]
      element.querySelectorAll('dd').forEach((dd, place) => {
        setText(dd, cells[place] ?? '')
      })
      find('.restore').hidden = restoring.length === 0
      const done =
        restoring.reduce((sum, { progress }) => sum + (progress ?? 0), 0) / Math.max(1, restoring.length)
      const bar = /** @type {HTMLProgressElement} */ (find('progress'))
      bar.value = done
      const left = restoring.reduce((sum, { remaining }) => sum + remaining, 0)
      setText(
        find('.restore span'),
        `restoring ${say.count(restoring.length, 'task')}, ${say.percent(done)}, ${say.count(left, 'record')} to go`
      )
    }
  )
}
