import { describe, expect, it } from 'vitest'
import type { LiveApplication, LiveProcess, LiveTask } from '../../http/live/live-types.ts'
import { eventsBetween, sinkEvents } from '../../http/page/events.js'
import { layered } from '../../http/page/layout.js'
import { Model, type View } from '../../http/page/model.js'
import { crossings, ordered } from '../../http/page/order.js'
import { contentOf } from '../../http/page/panel.js'
import { Rates } from '../../http/page/rates.js'
import { sceneOf } from '../../http/page/scene.js'
import { topicFacts } from '../../http/page/topics.js'
import type { DescribedTopology } from '../../index.ts'
import { retailTopology } from '../../topology/retail/index.ts'
import { shopGraph } from '../browser/shop-graph.ts'

const described = (topology: { describe(): { toJSON(): DescribedTopology } }) => topology.describe().toJSON()

function task(id: string, more: Partial<LiveTask> = {}): LiveTask {
  return { task: id, role: 'active', running: true, lag: 0, lagSeconds: 0, processed: 0, ...more }
}

function application(more: Partial<LiveApplication> = {}): LiveApplication {
  return {
    application: 'shop',
    state: 'RUNNING',
    tasks: [],
    stores: [],
    steps: [],
    deadLetterTopic: 'shop-dead-letters',
    deadLetters: {},
    dropped: {},
    failures: {},
    clients: [],
    ...more
  }
}

function process(endpoint: string, at: number, more: Partial<LiveApplication> = {}): LiveProcess {
  return { endpoint, at, graph: 'g', applications: [application(more)], sinks: [] }
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

describe('the layout', () => {
  const boxes = ['a', 'b', 'c', 'd'].map((id) => ({ id, width: 100, height: 40 }))

  it('goes from layer to layer, past boxes that are not meant', () => {
    const links = ['ab', 'bc', 'cd', 'ad'].map(([from = '', to = '']) => ({ from, to }))
    const { places, routes, width } = layered(boxes, links, { direction: 'right', gap: 20, layerGap: 50 })
    expect(boxes.map(({ id }) => places.get(id)?.x)).toEqual([0, 150, 300, 450])
    expect(width).toBe(550)
    const long = routes.find(({ from, to }) => from === 'a' && to === 'd')
    // it passes the layers of b and c
    expect(long?.points).toHaveLength(6)
    for (const { x, y } of long?.points.slice(1, -1) ?? [])
      for (const id of ['b', 'c'])
        expect(
          overlap({ x, y, width: 0.1, height: 0.1 }, { ...places.get(id)!, width: 100, height: 40 })
        ).toBe(false)
  })

  it('breaks cycles, and draws them as they are', () => {
    const links = ['ab', 'bc', 'ca', 'cc'].map(([from = '', to = '']) => ({ from, to }))
    const { places, routes } = layered(boxes, links, { direction: 'down', gap: 20, layerGap: 50 })
    expect(routes.map(({ from, to }) => from + to).sort()).toEqual(['ab', 'bc', 'ca'])
    expect(places.get('a')!.y).toBeLessThan(places.get('c')!.y)
    const back = routes.find(({ from }) => from === 'c')?.points ?? []
    expect(back[0]!.y).toBeGreaterThan(back.at(-1)!.y)
  })

  it('orders a layer so that links do not cross where they need not', () => {
    const [before, after] = [
      [[], [], [1], [0]],
      [[3], [2], [], []]
    ]
    const layers = [
      [0, 1],
      [2, 3]
    ]
    expect(crossings(layers, after)).toBe(1)
    expect(crossings(ordered(layers, before, after), after)).toBe(0)
  })

  it.each(['right', 'down'] as const)(
    'of the retail graph has no two things in one place (%s)',
    (direction) => {
      const topology = described(retailTopology())
      const all = new Set(topology.subTopologies.map(({ id }) => id))
      for (const expanded of [new Set<number>(), all]) {
        const { items, routes, width, height } = sceneOf(topology, {
          direction,
          expanded,
          tasks: () => 4,
          widthOf: (label: string) => label.length * 8,
          deadLetterTopic: 'retail.dead-letters.graph'
        })
        const outer = items.filter(({ kind }) => kind === 'topic' || kind === 'part')
        const inner = items.filter(({ kind }) => kind === 'step' || kind === 'port')
        for (const group of [outer, inner])
          for (const [place, one] of group.entries())
            for (const other of group.slice(place + 1))
              expect(overlap(one, other), `${one.id} ${other.id}`).toBe(false)
        for (const { x, y, width: w, height: h } of items) {
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0)
          expect(x + w).toBeLessThanOrEqual(width)
          expect(y + h).toBeLessThanOrEqual(height)
        }
        const steps = topology.subTopologies
          .flatMap(({ nodes }) => nodes)
          .filter(({ type }) => type === 'processor')
        expect(items.filter(({ kind }) => kind === 'step')).toHaveLength(expanded.size > 0 ? steps.length : 0)
        for (const { points } of routes)
          for (const { x, y } of points) expect(Number.isFinite(x) && Number.isFinite(y)).toBe(true)
      }
    }
  )
})

describe('rates', () => {
  it('are of the last looks by the clock of who counts; what begins anew has none at first', () => {
    const rates = new Rates()
    const take = (at: number, value: number) => rates.take('a', at, new Map([['n', value]]))
    take(1_000, 50)
    expect(rates.of('a', 'n')).toBe(0)
    take(2_000, 150)
    take(2_000, 150)
    take(3_000, 350)
    expect(rates.of('a', 'n')).toBe(150)
    for (let n = 4; n < 12; n++) take(n * 1_000, 350)
    expect(rates.of('a', 'n')).toBe(0)
    take(12_000, 10)
    expect(rates.of('a', 'n')).toBe(0)
    take(13_000, 30)
    expect(rates.of('a', 'n')).toBe(20)
    rates.keep(new Set())
    expect(rates.of('a', 'n')).toBe(0)
  })
})

describe('the model', () => {
  const clients = [
    { endpoint: 'h:1', active: ['0_0', '0_1'], standby: [] },
    { endpoint: 'h:2', active: ['0_2'], standby: ['0_0'] }
  ]

  it('adds replicas up, and says who is silent', () => {
    const model = new Model()
    const one = process('h:1', 1_000, {
      clients,
      tasks: [task('0_0', { lag: 7 }), task('0_1', { lag: 5 })],
      deadLetters: { deserialization: 2 }
    })
    const two = process('h:2', 9_000, {
      tasks: [task('0_2'), task('0_0', { role: 'standby', lag: 3, running: false })],
      deadLetters: { deserialization: 1, processing: 4 }
    })
    const [view] = model.take({ processes: [one, two], silent: [] })
    expect(view).toMatchObject({ lag: 12, deadLetters: { deserialization: 3, processing: 4 } })
    expect(view!.replicas.map(({ letter, id, here, active }) => [letter, id, here, active])).toEqual([
      ['A', 'h:1', true, ['0_0', '0_1']],
      ['B', 'h:2', false, ['0_2']]
    ])
    expect(view!.tasks[0]).toMatchObject({
      state: 'running',
      replica: { letter: 'A' },
      copies: [{ role: 'standby', lag: 3, replica: { letter: 'B' } }]
    })

    const [later] = model.take({ processes: [one], silent: ['h:2'] })
    expect(later!.replicas[1]).toMatchObject({ id: 'h:2', answers: false, active: ['0_2'], copies: ['0_0'] })
    expect(later!.tasks[2]).toMatchObject({ task: '0_2', state: 'unknown', replica: { letter: 'B' } })
    expect(eventsBetween(view!, later!)).toEqual([{ kind: 'bad', text: 'Replica B (h:2) does not answer.' }])
    // it has left, and its task is still nobody's
    const gone = { ...one, applications: [application({ clients: clients.slice(0, 1), tasks: [] })] }
    const [last] = model.take({ processes: [gone], silent: [] })
    expect(last!.tasks.map(({ state }) => state)).toEqual(['unplaced', 'unplaced', 'unplaced'])
    expect(eventsBetween(later!, last!)).toEqual([{ kind: 'info', text: 'Replica B (h:2) has left.' }])
  })

  it('tells how far a restore is, not counting what an earlier one did', () => {
    const model = new Model()
    const look = (running: boolean, restored: number, remaining: number) =>
      model.take({
        processes: [
          process('h:1', 1, {
            tasks: [task('0_0', { running })],
            stores: [{ store: 's', task: '0_0', restored, remaining, bytes: 10 }]
          })
        ],
        silent: []
      })[0]!
    const views = [
      look(false, 25, 75),
      look(false, 75, 25),
      look(true, 100, 0),
      look(false, 110, 30),
      look(true, 140, 0)
    ]
    expect(views.map(({ progress }) => progress)).toEqual([0.25, 0.75, null, 0.25, null])
    expect(views[1]).toMatchObject({ remaining: 25, tasks: [{ state: 'restoring' }] })
    const told = views
      .slice(1)
      .map((view, place) => eventsBetween(views[place]!, view).map(({ text }) => text))
    expect(told).toEqual([
      [],
      ['A (h:1, this process) has restored task 0_0.'],
      ['A (h:1, this process) restores task 0_0.'],
      ['A (h:1, this process) has restored task 0_0.']
    ])
    // one that began and ended between two looks
    const quick = look(true, 200, 0)
    expect(eventsBetween(views[4]!, quick)).toEqual([
      { kind: 'good', text: 'A (h:1, this process) has restored task 0_0.' }
    ])
  })

  it('tells of replicas that join, tasks that move, dead letters, failures and sinks', () => {
    const model = new Model()
    const sink = { sink: 'pg', written: 5, deadLetters: 0, lag: 0, up: true }
    const look = (more: Partial<LiveApplication>, sinks: LiveProcess['sinks'], others: LiveProcess[] = []) =>
      model.take({ processes: [{ ...process('h:1', 1, more), sinks }, ...others], silent: [] })[0]!
    const ids = ['0_0', '0_1', '0_2', '0_3', '0_10', '1_0']
    const before = look({ tasks: ids.map((id) => task(id)) }, [sink])
    const after = look(
      { deadLetters: { deserialization: 1 }, failures: { TIMEOUT: 2 }, state: 'REBALANCING' },
      [{ ...sink, deadLetters: 3, up: false }],
      [process('h:2', 1, { tasks: ids.toReversed().map((id) => task(id)) })]
    )
    expect(eventsBetween(before, after).map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'info: Replica A (h:1, this process) is REBALANCING.',
      'good: Replica B (h:2) has joined.',
      'info: B (h:2) has tasks 0_0, 0_1, 0_2 and 3 more now.',
      'bad: 1 dead letter (deserialization) in shop-dead-letters.',
      'bad: 2 failures: TIMEOUT.'
    ])
    expect(sinkEvents(before, after).map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'bad: 3 dead letters of sink pg.',
      'bad: Sink pg is away.'
    ])
    expect(after.tasks.map(({ task: id }) => id)).toEqual(ids)
  })

  it('does not tell again what a replica had told before it missed a look', () => {
    const model = new Model()
    const more = (active: string): Partial<LiveApplication> => ({
      clients,
      tasks: [task(active)],
      stores: [{ store: 's', task: active, restored: 500, remaining: 0, bytes: 1 }],
      deadLetters: { processing: 4 },
      failures: { PROCESSOR_FAILED: 2 }
    })
    const sink = { sink: 'pg', written: 9, deadLetters: 3, lag: 5, up: true }
    const one = (at: number) => ({ ...process('h:1', at, more('0_0')), sinks: [sink] })
    const two = (at: number, deadLetters = 4): LiveProcess => ({
      ...process('h:2', at, { ...more('0_2'), deadLetters: { processing: deadLetters } }),
      sinks: [{ ...sink, up: false }]
    })
    const both = model.take({ processes: [one(1), two(1)], silent: [] })[0]!
    const alone = model.take({ processes: [one(2)], silent: ['h:2'] })[0]!
    const again = model.take({ processes: [one(3), two(3)], silent: [] })[0]!
    const texts = (before: View, after: View) =>
      [...eventsBetween(before, after), ...sinkEvents(before, after)].map(({ text }) => text)
    expect(texts(both, alone)).toEqual(['Replica B (h:2) does not answer.'])
    expect(texts(alone, again)).toEqual(['Replica B (h:2) answers again.'])
    expect(alone).toMatchObject({
      deadLetters: { processing: 8 },
      failures: { PROCESSOR_FAILED: 4 },
      sinks: [{ deadLetters: 6, written: 18, lag: 5, up: false }]
    })
    // it has restarted meanwhile
    model.take({ processes: [one(4)], silent: ['h:2'] })
    const anew = model.take({ processes: [one(5), two(5, 1)], silent: [] })[0]!
    expect(texts(again, anew)).toEqual(['1 dead letter (processing) in shop-dead-letters.'])
    // a page that is opened while it is silent
    const late = new Model()
    const first = late.take({ processes: [one(6)], silent: ['h:2'] })[0]!
    const second = late.take({ processes: [one(7), two(7)], silent: [] })[0]!
    expect(texts(first, second)).toEqual(['Replica B (h:2) answers again.', 'Sink pg is away.'])
  })

  it('forgets the tasks of a graph that gives way to another', () => {
    const model = new Model()
    const look = (graph: string, ids: string[]) =>
      model
        .take({
          processes: [{ ...process('h:1', 1, { tasks: ids.map((id) => task(id)) }), graph }],
          silent: []
        })[0]!
        .tasks.map((one) => [one.task, one.state])
    look('before', ['0_0', '1_0'])
    expect(look('before', ['0_0'])).toEqual([
      ['0_0', 'running'],
      ['1_0', 'unplaced']
    ])
    expect(look('after', ['0_0'])).toEqual([['0_0', 'running']])
  })

  it('tells how far a restore is after its replica has restarted', () => {
    const model = new Model()
    const look = (running: boolean, restored: number, remaining: number) =>
      model.take({
        processes: [
          process('h:1', 1, { clients }),
          process('h:2', 1, {
            tasks: [task('0_2', { running })],
            stores: [{ store: 's', task: '0_2', restored, remaining, bytes: 1 }]
          })
        ],
        silent: []
      })[0]!.progress
    expect(look(true, 1_000, 0)).toBeNull()
    model.take({ processes: [process('h:1', 2, { clients })], silent: ['h:2'] })
    expect([look(false, 0, 2_000), look(false, 500, 1_500), look(false, 1_500, 500)]).toEqual([0, 0.25, 0.75])
  })

  it('gives the letter of one that is gone to the next', () => {
    const model = new Model()
    const letters = (...endpoints: string[]) =>
      model
        .take({ processes: endpoints.map((endpoint) => process(endpoint, 1)), silent: [] })[0]!
        .replicas.map(({ letter, id }) => letter + id)
    expect(letters('x', 'y', 'z')).toEqual(['Ax', 'By', 'Cz'])
    expect(letters('x', 'z')).toEqual(['Ax', 'Cz'])
    expect(letters('x', 'z', 'v')).toEqual(['Ax', 'Bv', 'Cz'])
  })
})

describe('topics and panels', () => {
  const topology = described(shopGraph())
  const steps = topology.subTopologies.flatMap(({ id, nodes }) =>
    nodes.flatMap(({ type, name }) =>
      type === 'source' ? [] : [{ subTopology: id, node: name, records: 0 }]
    )
  )
  const model = new Model()
  const look = (at: number, records: number) =>
    model.take({
      processes: [
        process('h:1', at, {
          tasks: [task('0_0', { processed: records, lag: 4 }), task('1_0'), task('2_0')],
          steps: steps.map((step) => ({ ...step, records })),
          deadLetters: { deserialization: 3 }
        })
      ],
      silent: []
    })[0]!
  look(1_000, 0)
  const view = look(3_000, 200)

  it('know what is written to a topic, or read from it', () => {
    expect(topicFacts(topology, view, 'by-sku-repartition')).toMatchObject({
      rate: 100,
      writers: [{ part: 0 }],
      readers: [{}]
    })
    expect(topicFacts(topology, view, 'sales')).toMatchObject({
      rate: 100,
      writers: [],
      readers: [{ part: 0 }]
    })
  })

  it('have something for each thing in the picture, and nothing for what is gone', () => {
    const options = {
      direction: 'right',
      expanded: new Set([0, 1, 2]),
      tasks: () => 1,
      widthOf: () => 90
    } as const
    const { items } = sceneOf(topology, { ...options, deadLetterTopic: view.deadLetterTopic })
    for (const { id, kind } of items)
      if (kind !== 'port') expect(contentOf(id, topology, view)?.title, id).toBeTruthy()
    const part = contentOf('part/0', topology, view)
    expect(Object.fromEntries(part!.facts)).toMatchObject({
      Records: '100/s',
      Behind: '4 records',
      State: 'running'
    })
    expect(contentOf('topic/shop-dead-letters', topology, view)).toMatchObject({
      facts: [['Dead letters', '3']]
    })
    for (const id of ['part/9', 'step/0/none', 'topic/none', 'global/none', 'other'])
      expect(contentOf(id, topology, view)).toBeUndefined()
  })
})
