import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { integer, StreamsBuilder, string, type TopologyDescription, topic } from '../../index.ts'
import type { ConformanceCase } from '../conformance/case.ts'
import { topologies } from '../conformance/topologies.ts'

const numbers = topic('numbers', { key: string(), value: integer() })
const names = topic('names', { key: string(), value: string() })
const out = topic('out', { key: string(), value: integer() })

function described(declare: (builder: StreamsBuilder) => void): TopologyDescription {
  const builder = new StreamsBuilder()
  declare(builder)
  return builder.build().describe()
}

const small = () =>
  described((builder) => {
    const known = builder.globalTable(names, { name: 'known' })
    builder
      .stream(numbers)
      .filter((n) => n > 0)
      .join(
        known,
        (_n, key) => key,
        (n) => n
      )
      .groupBy((n) => String(n), { name: 'by-number', key: string(), value: integer() })
      .count({ name: 'counts' })
      .toStream()
      .to(out)
  })

describe('a description', () => {
  it('has the text form of Kafka Streams', () => {
    expect(String(small())).toBe(`Topologies:
   Sub-topology: 0
    Source: numbers (topics: [numbers])
      --> numbers-filter
    Processor: numbers-filter (stores: [])
      --> numbers-join
      <-- numbers
    Processor: numbers-join (stores: [])
      --> by-number-select-key
      <-- numbers-filter
    Processor: by-number-select-key (stores: [])
      --> by-number-repartition-filter
      <-- numbers-join
    Processor: by-number-repartition-filter (stores: [])
      --> by-number-repartition-sink
      <-- by-number-select-key
    Sink: by-number-repartition-sink (topic: by-number-repartition)
      <-- by-number-repartition-filter

  Sub-topology: 1
    Source: by-number-repartition-source (topics: [by-number-repartition])
      --> counts-aggregate
    Processor: counts-aggregate (stores: [counts])
      --> counts-to-stream
      <-- by-number-repartition-source
    Processor: counts-to-stream (stores: [])
      --> to-out
      <-- counts-aggregate
    Sink: to-out (topic: out)
      <-- counts-to-stream

  Sub-topology: 2 for global store (will not generate tasks)
    Source: known-source (topics: [names])
      --> known-table
    Processor: known-table (stores: [known])
      --> none
      <-- known-source
`)
  })

  it('is plain data as JSON', () => {
    const data = JSON.parse(JSON.stringify(small()))
    expect(data.subTopologies[1]).toEqual({
      id: 1,
      nodes: [
        {
          type: 'source',
          name: 'by-number-repartition-source',
          topics: ['by-number-repartition'],
          successors: ['counts-aggregate']
        },
        {
          type: 'processor',
          name: 'counts-aggregate',
          stores: ['counts'],
          successors: ['counts-to-stream'],
          predecessors: ['by-number-repartition-source']
        },
        {
          type: 'processor',
          name: 'counts-to-stream',
          stores: [],
          successors: ['to-out'],
          predecessors: ['counts-aggregate']
        },
        { type: 'sink', name: 'to-out', topic: 'out', predecessors: ['counts-to-stream'] }
      ],
      stores: [{ name: 'counts', kind: 'key-value', changelog: 'counts-changelog' }]
    })
    expect(data.globalStores).toHaveLength(1)
  })

  it('is a Mermaid flowchart', () => {
    expect(small().toMermaid()).toBe(`flowchart TB
  t0[/"numbers"/]
  t1[/"by-number-repartition"/]
  t2[/"out"/]
  t3[/"names"/]
  subgraph sub0["Sub-topology 0"]
    n0["numbers-filter"]
    n1["numbers-join"]
    n2["by-number-select-key"]
    n3["by-number-repartition-filter"]
  end
  subgraph sub1["Sub-topology 1"]
    n4["counts-aggregate"]
    n5["counts-to-stream"]
    s0[("counts")]
  end
  s1[("known (global)")]
  t0 --> n0
  n0 --> n1
  n1 --> n2
  n2 --> n3
  n3 --> t1
  t1 --> n4
  n4 --> n5
  n4 --- s0
  n5 --> t2
  t3 --> s1
`)
  })

  it('names every step once, by what has a name above it', () => {
    const data = described((builder) => {
      const stream = builder.stream(numbers)
      for (const limit of [1, 2]) {
        const { large, rest } = stream
          .filter((n) => n > limit)
          .split()
          .branch((n) => n > 10, 'large')
          .defaultBranch('rest')
        large.to(out)
        rest.to([out, numbers], () => out)
      }
    })
    const found = data.subTopologies.flatMap(({ nodes }) => nodes.map(({ name }) => name)).sort()
    expect(new Set(found).size).toBe(found.length)
    expect(found).toEqual(
      expect.arrayContaining([
        'numbers-filter',
        'numbers-filter-2',
        'numbers-split-large',
        'numbers-split-2-large',
        'to-out',
        'to-out-4'
      ])
    )
  })
})

/** What stays of a description when node names are left out: they follow Java's numbering there. */
function structure(text: string) {
  const all = (part: string, pattern: RegExp) =>
    [...new Set([...part.matchAll(pattern)].flatMap(([, found = '']) => found.split(', ')))].sort()
  return text
    .split('Sub-topology: ')
    .slice(1)
    .map((part) => ({
      id: Number.parseInt(part, 10),
      global: /^\d+ for global store/.test(part),
      sources: all(part, /topics: \[(.*)\]/g),
      stores: all(part, /stores: \[(.+)\]/g),
      // Java does not know to which topics an extractor leads
      sinks: part.includes('extractor class') ? 'chosen' : all(part, /\(topic: (.*)\)/g)
    }))
}

describe('sub-topologies are numbered and made up as by Kafka Streams', () => {
  const directory = join(import.meta.dirname, '../conformance/cases')
  it.each(readdirSync(directory))('%s', (file) => {
    const given: ConformanceCase & { readonly describe: string } = JSON.parse(
      readFileSync(join(directory, file), 'utf8')
    )
    const text = String(topologies[given.topology]?.().topology.describe())
    const ours = structure(text)
    const theirs = structure(given.describe)
    expect(theirs.length).toBeGreaterThan(0)
    expect(
      ours.map((part, i) => ({ ...part, sinks: theirs[i]?.sinks === 'chosen' ? 'chosen' : part.sinks }))
    ).toEqual(theirs)
  })
})
