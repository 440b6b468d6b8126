import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Header, type Serde, string, topic } from '../../index.ts'
import type { Engine, EngineKind } from '../../state/engine.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { type TestDriverOptions, TopologyTestDriver } from '../../testing.ts'
import type { BytesText, ConformanceCase, HeaderTexts, Json, StoreRow } from './case.ts'
import { sortedJson, sortedText } from './sorted-json.ts'
import { readStore } from './store-rows.ts'
import type { CaseTopology } from './topologies/case-topology.ts'
import { topologies } from './topologies.ts'

const json = sortedJson<Json>()

/** Replays a case with its stores in an engine of that kind. Returns its differences. */
export async function replay(given: ConformanceCase, kind: EngineKind = 'memory'): Promise<string[]> {
  const make = topologies[given.topology]
  if (make === undefined) return [`no topology is named "${given.topology}"`]
  try {
    const made = make()
    if (kind === 'memory') return new Replay(given, made, undefined).run()
    return await replayOnDisk(given, made, kind)
  } catch (error) {
    return [`threw ${(error as Error).stack ?? error}`]
  }
}

async function replayOnDisk(given: ConformanceCase, made: CaseTopology, kind: EngineKind): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'))
  const engines = new Map<string, Engine>()
  try {
    for (const store of [...made.topology.stores.keys(), ...made.topology.globalStores.keys()])
      engines.set(store, await openEngine(kind, join(directory, store)))
    return new Replay(given, made, (store) => engines.get(store) as Engine).run()
  } finally {
    for (const engine of engines.values()) await engine.close()
    await rm(directory, { recursive: true, force: true })
  }
}

const emitSettings = [
  '__emit.interval.ms.kstreams.outer.join.spurious.results.fix__',
  '__emit.interval.ms.kstreams.windowed.aggregation__'
]

class Replay {
  readonly #case: ConformanceCase
  readonly #topology: CaseTopology
  readonly #driver: TopologyTestDriver
  readonly #differences: string[] = []
  readonly #stepOf = new Map<string, number[]>()

  constructor(given: ConformanceCase, topology: CaseTopology, engine: TestDriverOptions['engine']) {
    this.#case = given
    this.#topology = topology
    const emitInterval = emitSettings.map((name) => given.config[name]).find((value) => value !== undefined)
    this.#driver = new TopologyTestDriver(topology.topology, {
      applicationId: String(given.config['application.id']),
      cacheMaxBytes: Number(given.config['statestore.cache.max.bytes']),
      ...(emitInterval === undefined ? {} : { emitIntervalMs: Number(emitInterval) }),
      ...(engine === undefined ? {} : { engine })
    })
  }

  run(): string[] {
    this.#case.inputs.forEach((input, step) => {
      if ('advanceWallClock' in input) this.#driver.advanceWallClock(input.advanceWallClock)
      else
        this.#driver.pipe(topic(input.topic, { key: string(), value: json }), {
          key: input.key,
          value: input.value,
          timestamp: input.timestamp,
          headers: headersFrom(input.headers)
        })
      for (const name of this.#case.outputTopics) this.#compareOutputs(step, name)
      for (const name of this.#driver.internalTopics()) {
        const steps = this.#stepOf.get(name) ?? []
        while (steps.length < this.#driver.readBytes(name).length) steps.push(step)
        this.#stepOf.set(name, steps)
      }
    })
    this.#compareStores()
    this.#compareInternalTopics()
    return this.#differences
  }

  #compareOutputs(step: number, name: string): void {
    const keySerde = this.#topology.outputKeys?.[name] ?? (string() as Serde<unknown>)
    const given = this.#driver.read(topic(name, { key: keySerde, value: json as Serde<unknown> }))
    const actual = given.map(({ key, value, timestamp, headers }) =>
      line({ key, value, timestamp, headers: textsOf(headers) })
    )
    const expected = this.#case.outputs
      .filter((output) => output.step === step && output.topic === name)
      .map(({ key, value, timestamp, headers }) => line({ key, value, timestamp, headers: headers ?? {} }))
    this.#compare(`step ${step} ${sortedText(this.#case.inputs[step])}: ${name}`, expected, actual)
  }

  #compareStores(): void {
    for (const [name, rows] of Object.entries(this.#case.stores ?? {})) {
      const told = new Set(rows.flatMap((row) => Object.keys(row)))
      const only = (row: StoreRow) =>
        line(Object.fromEntries(Object.entries(row).filter(([field]) => told.has(field))))
      const actual = readStore(this.#driver, this.#topology.topology, name, rows)
      const expected = rows.map(only)
      const came = actual.map(only)
      // the cases list sessions in no order of their own
      if (this.#topology.topology.stores.get(name)?.kind === 'session') {
        expected.sort()
        came.sort()
      }
      this.#compare(`store ${name}`, expected, came)
    }
  }

  #compareInternalTopics(): void {
    const expected = this.#case.internalTopics ?? {}
    for (const name of new Set([...Object.keys(expected), ...this.#driver.internalTopics()])) {
      const known = this.#driver.internalTopics().includes(name)
      const records = known ? this.#driver.readBytes(name) : []
      this.#compare(
        `internal topic ${name}`,
        (expected[name] ?? []).map(({ step, key, value, timestamp, headers }) =>
          line({ step, key, value, timestamp, headers: headers ?? {} })
        ),
        records.map(({ key, value, timestamp, headers }, index) =>
          line({
            step: this.#stepOf.get(name)?.[index],
            key: textOf(key),
            value: textOf(value),
            // one that the producer gave it
            timestamp: expected[name]?.[index]?.timestamp === null ? null : timestamp,
            headers: Object.fromEntries(headers.map((header) => [header.key, textOf(header.value)]))
          })
        )
      )
    }
  }

  #compare(where: string, expected: readonly string[], actual: readonly string[]): void {
    const at = [...Array(Math.max(expected.length, actual.length)).keys()].find(
      (index) => expected[index] !== actual[index]
    )
    if (at === undefined) return
    const show = (lines: readonly string[]) => lines.slice(at, at + 3).map((text) => `\n      ${text}`)
    this.#differences.push(
      `${where}, from record ${at} on (${expected.length} expected, ${actual.length} came)` +
        `\n    expected${show(expected).join('') || ' nothing'}\n    came${show(actual).join('') || ' nothing'}`
    )
  }
}

function line(record: Readonly<Record<string, unknown>>): string {
  return sortedText(record)
}

function headersFrom(texts: HeaderTexts = {}): Header[] {
  return Object.entries(texts).map(([key, value]) => ({
    key,
    value: value === null ? null : Buffer.from(value)
  }))
}

function textsOf(headers: readonly Header[]): Record<string, string | null> {
  return Object.fromEntries(headers.map(({ key, value }) => [key, value === null ? null : value.toString()]))
}

function textOf(bytes: Buffer | null): BytesText {
  if (bytes === null) return null
  const text = bytes.toString('utf8')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is not printable
  const printable = Buffer.from(text, 'utf8').equals(bytes) && !/[\u0000-\u001f\u007f]/.test(text)
  return printable ? text : { hex: bytes.toString('hex') }
}
