import { bytes, type KafkaClient, StreamsError, type TopicDescription, topic } from '../../index.ts'
import { readTopic } from '../read-topic.ts'
import { type DeadLetterSource, readSource } from './dead-letter-source.ts'
import { markOf, readMarks } from './replay-marks.ts'

/** Which dead letters are meant; each part that is given must fit. */
export interface ReplayFilter {
  /** The source record's topic. */
  readonly source?: string | undefined
  /** A part of the reason. */
  readonly reason?: string | undefined
  /** One dead letter: `<partition>-<offset>` in the dead-letter topic. */
  readonly letter?: string | undefined
}

/**
 * What becomes of a dead letter:
 *
 * - `replay`: its source record is written to its topic again
 * - `replayed`: it was, in an earlier run, or another dead letter stands for the same record
 * - `superseded`: its topic is compacted, and the record is not its key's latest any more, or deleted with all others of its key: what came after
 *   it must not be undone
 * - `impossible`: there is nothing to write, or nowhere to write it
 */
export type ReplayDecision = 'replay' | 'replayed' | 'superseded' | 'impossible'

export interface PlannedReplay extends Omit<DeadLetterSource, 'record'> {
  /** `<partition>-<offset>` in the dead-letter topic. */
  readonly letter: string
  readonly decision: ReplayDecision
  readonly mark: string
}

/** More would not be held in memory: use filters. */
const mostLetters = 1_000_000

/** Reads the dead letters that the filter means and says what would become of each; changes nothing. Throws TOPIC_MISSING, CONFIG_INVALID. */
export async function planReplay(
  kafka: KafkaClient,
  clientId: string,
  deadLetterTopic: string,
  filter: ReplayFilter
): Promise<readonly PlannedReplay[]> {
  const done = await readMarks(kafka, clientId, deadLetterTopic)
  const found: (Omit<PlannedReplay, 'decision' | 'mark'> & {
    readonly key: string | null
    readonly whole: boolean
    readonly tombstone: boolean
  })[] = []
  await readTopic(kafka, clientId, topic(deadLetterTopic, { key: bytes(), value: bytes() }), (record) => {
    const { record: source, ...where } = readSource(record)
    const letter = letterOf(record)
    if (!means(filter, letter, where)) return
    if (found.length === mostLetters)
      throw new StreamsError(
        'CONFIG_INVALID',
        `there are more than ${mostLetters} such dead letters: filter them`
      )
    found.push({
      ...where,
      letter,
      key: source?.key?.toString('latin1') ?? null,
      whole: source !== undefined,
      tombstone: source?.value === null
    })
  })
  const names = [...new Set(found.flatMap(({ topic: name }) => name ?? []))]
  const { topics, compacted, latest } = await lookAtSources(kafka, clientId, names, found)
  return found.map(({ key, whole, tombstone, ...where }) => {
    const { topic: name, partition, offset } = where
    const id = name === undefined ? undefined : topics.get(name)?.id
    const mark = markOf(id ?? '', partition, offset)
    const decide = (): ReplayDecision => {
      if (!whole || id === undefined) return 'impossible'
      if (done.has(mark)) return 'replayed'
      done.add(mark)
      if (name === undefined || key === null || !compacted.has(name)) return 'replay'
      const last = latest.get(`${name}/${key}`)
      // with nothing of the key left, even its tombstone is gone: a deletion says the same again, anything else would undo it
      if (last === undefined) return tombstone ? 'replay' : 'superseded'
      return last === `${partition}-${offset}` ? 'replay' : 'superseded'
    }
    return { ...where, mark, decision: decide() }
  })
}

export function letterOf({
  partition,
  offset
}: {
  readonly partition: number
  readonly offset: number
}): string {
  return `${partition}-${offset}`
}

function means(
  { source, reason, letter: one }: ReplayFilter,
  letter: string,
  where: Omit<DeadLetterSource, 'record'>
): boolean {
  return (
    (source === undefined || where.topic === source) &&
    (reason === undefined || where.reason.includes(reason)) &&
    (one === undefined || letter === one)
  )
}

/** The source topics that exist, those that are compacted, and where in these the last record of each key is that dead letters have. */
async function lookAtSources(
  kafka: KafkaClient,
  clientId: string,
  names: readonly string[],
  letters: readonly { readonly topic: string | undefined; readonly key: string | null }[]
): Promise<{
  readonly topics: ReadonlyMap<string, TopicDescription>
  readonly compacted: ReadonlySet<string>
  readonly latest: ReadonlyMap<string, string>
}> {
  const admin = kafka.admin(clientId)
  const latest = new Map<string, string>()
  const compacted = new Set<string>()
  try {
    const topics = await admin.describeTopics(names)
    const configs = await admin.topicConfigs([...topics.keys()])
    for (const name of topics.keys()) {
      if (configs.get(name)?.['cleanup.policy']?.includes('compact') !== true) continue
      compacted.add(name)
      const wanted = new Set(letters.flatMap((letter) => (letter.topic === name ? (letter.key ?? []) : [])))
      await readTopic(kafka, clientId, topic(name, { key: bytes(), value: bytes() }), (record) => {
        const key = record.key()?.toString('latin1')
        if (key !== undefined && wanted.has(key)) latest.set(`${name}/${key}`, letterOf(record))
      })
    }
    return { topics, compacted, latest }
  } finally {
    await admin.close()
  }
}
