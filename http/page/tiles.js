import * as say from './describe.js'
import { html, setAttribute, setText, svg, sync } from './dom.js'
import { total } from './topics.js'

/**
 * @typedef {import('./model.js').View} View
 * @typedef {{ name: string, value: string, more: string, state?: 'good' | 'busy' | 'bad', curve?: number[] }} Tile
 */

const curveSize = { width: 96, height: 26 }

/** @param {View} view @param {readonly { rate: number, lag: number }[]} history @returns {Tile[]} */
export function tilesOf(view, history) {
  const { replicas, tasks } = view
  const well = replicas.filter(({ state }) => state === 'RUNNING').length
  const running = tasks.filter(({ state }) => state === 'running').length
  const restoring = tasks.filter(({ state }) => state === 'restoring').length
  const copies = tasks.reduce((sum, task) => sum + task.copies.length, 0)
  const dead = total(view.deadLetters)
  const dropped = total(view.dropped)
  const oldest = Math.max(0, ...tasks.map(({ lagSeconds }) => lagSeconds ?? 0))
  return [
    {
      name: 'Replicas',
      value: String(replicas.length),
      more: well === replicas.length ? 'all RUNNING' : `${well} RUNNING`,
      state: well === replicas.length ? 'good' : 'busy'
    },
    {
      name: 'Records',
      value: say.rate(view.rate),
      more: 'through the graph',
      curve: history.map(({ rate }) => rate)
    },
    {
      name: 'Behind',
      value: say.compact(view.lag),
      more: view.lag === 0 ? 'nothing to do' : `oldest ${say.duration(oldest)}`,
      curve: history.map(({ lag }) => lag)
    },
    {
      name: 'Tasks',
      value: `${running} of ${tasks.length}`,
      more: say.count(copies, 'copy').replace('copys', 'copies'),
      state: running === tasks.length ? 'good' : 'busy'
    },
    restoring > 0
      ? {
          name: 'Restore',
          value: say.percent(view.progress ?? 0),
          more: `${say.count(restoring, 'task')}, ${say.compact(view.remaining)} to go`,
          state: 'busy'
        }
      : { name: 'Restore', value: 'done', more: 'all state is here', state: 'good' },
    {
      name: 'Dead letters',
      value: say.compact(dead),
      more: `${say.compact(dropped)} without effect`,
      state: dead > 0 ? 'bad' : 'good'
    }
  ]
}

/** @param {Element} parent @param {View} view @param {readonly { rate: number, lag: number }[]} history */
export function showTiles(parent, view, history) {
  sync(
    parent,
    tilesOf(view, history),
    ({ name }) => name,
    ({ name, curve }) => {
      const value = html('dd', {}, html('strong'), html('span'))
      if (curve !== undefined)
        value.append(
          svg(
            'svg',
            { class: 'curve', viewBox: `0 0 ${curveSize.width} ${curveSize.height}`, 'aria-hidden': 'true' },
            svg('path', { class: 'area' }),
            svg('path', { class: 'line' })
          )
        )
      return html('div', {}, html('dt', {}, name), value)
    },
    (element, { value, more, state, curve }) => {
      setAttribute(element, 'class', `tile ${state ?? ''}`)
      setText(/** @type {Element} */ (element.querySelector('strong')), value)
      setText(/** @type {Element} */ (element.querySelector('dd span')), more)
      if (curve === undefined) return
      const line = pathOf(curve)
      setAttribute(/** @type {Element} */ (element.querySelector('.line')), 'd', line)
      setAttribute(
        /** @type {Element} */ (element.querySelector('.area')),
        'd',
        `${line}V${curveSize.height}H0z`
      )
    }
  )
}

/** @param {number[]} values */
function pathOf(values) {
  const { width, height } = curveSize
  const most = Math.max(...values, 1)
  const step = width / Math.max(1, values.length - 1)
  const at = (/** @type {number} */ value) => (height - 2 - (value / most) * (height - 4)).toFixed(1)
  return values
    .map((value, place) => `${place === 0 ? 'M' : 'L'}${(place * step).toFixed(1)} ${at(value)}`)
    .join('')
}
