import { z } from 'zod'
import { decodeUntrusted } from '../../../core/serde.ts'
import { GrowableBytes, json, type Serde } from '../../../index.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { Line } from '../workload/line.ts'
import { lineItems } from '../workload/line-items.ts'
import { Totals } from '../workload/totals.ts'

export interface SerdeSettings {
  readonly records: number
  /** The amount: two fields of a line, all that its schema knows. */
  readonly what: 'line' | 'amount' | 'totals'
  readonly by: 'serde' | 'node'
  readonly does: 'encode' | 'decode'
}

/** Different texts, read and written again and again. */
const texts = 1_000

const node: Serde<unknown> = {
  name: 'node',
  decode: (bytes, start, end) => JSON.parse(bytes.utf8Slice(start, end)) as unknown,
  encode(value, target, at) {
    const text = JSON.stringify(value)
    target.reserve(at, text.length * 3)
    return at + target.buffer.utf8Write(text, at)
  }
}

const Amount = z.object({ qty: z.int(), price: z.number() })

/** One serde at work, the check of what was read included. */
export async function serdeProgram({ records, what, by, does }: SerdeSettings): Promise<Figures> {
  const declared = { line: json(Line), amount: json(Amount), totals: json(Totals) }[what]
  const serde = by === 'node' ? node : (declared as Serde<unknown>)
  const values = [...lineItems({ format: 'json', records: texts })].map(({ value }, index) =>
    what !== 'totals'
      ? (JSON.parse(value) as unknown)
      : { count: index, units: 7 * index, revenue: index * 1.1 }
  )
  const target = new GrowableBytes(1 << 20)
  const ends: number[] = [0]
  for (const value of values) ends.push(serde.encode(value, target, ends.at(-1) ?? 0))
  const scratch = new GrowableBytes()
  const run = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const at = i % texts
      if (does === 'encode') serde.encode(values[at], scratch, 0)
      else decodeUntrusted(serde, target.buffer, ends[at] as number, ends[at + 1] as number)
    }
  }
  run(Math.ceil(records / 5))
  const cost = new Cost()
  run(records)
  return cost.of(records)
}
