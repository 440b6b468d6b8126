import { z } from 'zod'
import { runProgram } from './java-program.ts'

export interface VerifyOptions {
  readonly bootstrap: string
  readonly topic: string
  /** Default `read_committed`: to the last stable offset */
  readonly isolation?: 'read_committed' | 'read_uncommitted'
  /** What names a record: `key`, `value`, `header:NAME`, `field:PATH`, or several joined by `+` */
  readonly uniqueBy?: string
  /** Each whole number of it has to be there exactly once, both ends included */
  readonly expectRange?: { readonly from: number; readonly to: number }
  /** Where the number is in the value's JSON (`a.b`); the whole value when omitted */
  readonly field?: string
  readonly report?: (message: string) => void
  readonly signal?: AbortSignal
}

const verdictSchema = z.object({
  records: z.int(),
  perPartition: z.record(z.string(), z.int()),
  // with uniqueBy
  unique: z.int().optional(),
  duplicates: z.int().optional(),
  firstDuplicates: z.array(z.object({ id: z.string(), times: z.int() })).optional(),
  // with expectRange
  missing: z.int().optional(),
  firstMissing: z.array(z.int()).optional(),
  outsideRange: z.int().optional(),
  repeatedNumbers: z.int().optional(),
  withoutNumber: z.int().optional(),
  // with read_committed: what only a read_uncommitted reader sees, and whether a transaction holds the end back
  abortedOrOpenNotVisible: z.int().optional(),
  openTransaction: z.boolean().optional()
})

/** What is in a topic, as Kafka's own consumer sees it. */
export interface TopicVerdict extends z.infer<typeof verdictSchema> {
  /** No duplicates, none missing, and no number that does not belong there, as far as was asked */
  readonly good: boolean
}

/** Reads a topic from its beginning to its end with Kafka's own Java consumer, without a group. */
export async function verifyTopic(options: VerifyOptions): Promise<TopicVerdict> {
  const { bootstrap, topic, isolation, uniqueBy, expectRange, field } = options
  const printed = await runProgram('Verify', {
    args: [
      '--bootstrap',
      bootstrap,
      '--topic',
      topic,
      ...(isolation === undefined ? [] : ['--isolation', isolation]),
      ...(uniqueBy === undefined ? [] : ['--unique-by', uniqueBy]),
      ...(expectRange === undefined ? [] : ['--expect-range', `${expectRange.from}..${expectRange.to}`]),
      ...(field === undefined ? [] : ['--field', field])
    ],
    // 1: it found something, and says what; an exception in Java ends with 1 as well, but prints no verdict
    expectedCodes: [1],
    ...(options.report === undefined ? {} : { report: options.report }),
    ...(options.signal === undefined ? {} : { signal: options.signal })
  })
  if (!printed.startsWith('{')) throw new Error(`topic '${topic}' could not be read: ${printed}`)
  const verdict = verdictSchema.parse(JSON.parse(printed))
  const { duplicates = 0, missing = 0, outsideRange = 0, repeatedNumbers = 0, withoutNumber = 0 } = verdict
  return { ...verdict, good: duplicates + missing + outsideRange + repeatedNumbers + withoutNumber === 0 }
}

/**
 * Makes a topic with known faults, by Kafka's own producer: committed 0..9 without 7 and with 3 twice, aborted 100..104, and
 * with `hang` 200 in a transaction that is left open. Each value is `{"n":N}`, each header `id` is N.
 */
export async function plantFaults(bootstrap: string, topic: string, hang: boolean): Promise<void> {
  await runProgram('Faults', {
    args: ['--bootstrap', bootstrap, '--topic', topic, ...(hang ? ['--hang'] : [])]
  })
}
