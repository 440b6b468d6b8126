import { StreamsError } from '../../index.ts'
import { rejectedRows } from '../../topology/retail/topics.ts'
import { command, jsonOption, printResult, type Terminal } from '../command.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { numberOption } from '../number-option.ts'
import { announceFiles } from '../replay/announce-files.ts'
import { type RejectedFile, rejectedFiles } from '../replay/rejected-files.ts'
import { replay } from '../replay/replay.ts'
import {
  type PlannedReplay,
  planReplay,
  type ReplayDecision,
  type ReplayFilter
} from '../replay/replay-plan.ts'
import { kafkaOf, kafkaOptions } from '../services.ts'
import { table } from '../text-table.ts'

const shownReason = 100

export const replayDlq = command({
  name: 'replay-dlq',
  summary:
    'Lists dead letters and why they are there; with --yes writes their source records to their topics again.',
  details: `Each source record is written once, however often this is stopped and run again, and whatever the filters: a mark of it, in the topic
TOPIC.replayed, is in the same transaction. Of two runs at once the later one fences the former. It is a new record of its topic:
everyone who reads the topic gets it, also those who took it the first time. In a compacted topic a record is not written if its
key has a later one, or had one and was deleted.

The retail system's rejected rows (--topic ${rejectedRows.name}) are rows of files, so their source is the file: with --yes
the ingest looks at those files again, and reads what is another version by now.`,
  options: {
    topic: { type: 'string', value: 'TOPIC', default: rejectedRows.name, help: 'the dead-letter topic' },
    source: {
      type: 'string',
      value: 'TEXT',
      help: 'only from this topic; of rejected rows, from files whose name has it'
    },
    reason: { type: 'string', value: 'TEXT', help: 'only those whose reason has this text' },
    letter: { type: 'string', value: 'P-O', help: 'only this one: its partition and offset, as listed' },
    limit: { type: 'string', value: 'N', default: '100', help: 'list at most so many' },
    yes: { type: 'boolean', default: false, help: 'do it' },
    ...kafkaOptions,
    ...jsonOption
  },
  examples: [
    ['replay-dlq', 'files with rejected rows, and why'],
    ['replay-dlq --source sku-us/7/ --yes', 'read corrected files of a store again'],
    ['replay-dlq --topic retail.dead-letters.graph', 'what the graph could not process'],
    ['replay-dlq --topic retail.dead-letters.sinks --reason sku-search --yes', 'what a sink had refused']
  ],
  async run({ values, positionals }, terminal) {
    const limit = numberOption('limit', values.limit)
    if (positionals.length > 0)
      throw new StreamsError('CONFIG_INVALID', `not understood: ${positionals.join(' ')}`)
    const kafka = await kafkaOf(values)
    const { topic, source, reason, letter, yes, json } = values
    if (topic === rejectedRows.name) {
      const files = await rejectedFiles(kafka, { part: source, reason })
      if (yes)
        await announceFiles(
          kafka,
          files.map(({ file }) => file)
        )
      const text = filesText(files, limit, yes)
      printResult(terminal, json, { done: yes, topic, files: files.slice(0, limit) }, text)
      return exitCodes.done.code
    }
    const filter: ReplayFilter = { source, reason, letter }
    if (!yes) {
      const plan = await planReplay(kafka, 'store-sku-replay', topic, filter)
      return show(terminal, { topic, plan, limit, json })
    }
    const { plan, written } = await replay({
      kafka,
      deadLetterTopic: topic,
      filter,
      onProgress: (done, total) => terminal.bars.update('replay', done, total, `${done} of ${total} records`),
      stop: terminal.stop
    })
    terminal.bars.finish()
    return show(terminal, { topic, plan, limit, json, written })
  }
})

interface Shown {
  readonly topic: string
  readonly plan: readonly PlannedReplay[]
  readonly limit: number
  readonly json: boolean
  /** Undefined: a dry run. */
  readonly written?: number
}

function show(terminal: Terminal, { topic, plan, limit, json, written }: Shown): ExitCode {
  const counts = countsOf(plan)
  const listed = plan.slice(0, limit).map(({ mark: _, ...planned }) => planned)
  const rows = listed.map(({ letter, topic: source, partition, offset, decision, reason }) => [
    letter,
    source === undefined ? null : `${source}-${partition}-${offset}`,
    decision,
    oneLine(reason)
  ])
  const left = plan.length > limit ? `... and ${plan.length - limit} more (--limit)\n` : ''
  const summary =
    written === undefined
      ? `${counts.replay} would be written. Nothing was changed; --yes does it.`
      : `${written} of ${counts.replay} written`
  const others = `${counts.replayed} were before, ${counts.superseded} are superseded, ${counts.impossible} cannot be`
  const text = `${table(['letter', 'source record', 'decision', 'reason'], rows)}${left}${summary} (${others})\n`
  printResult(
    terminal,
    json,
    { done: written !== undefined, topic, written: written ?? 0, counts, letters: listed },
    text
  )
  return written !== undefined && written < counts.replay ? exitCodes.stopped.code : exitCodes.done.code
}

function countsOf(plan: readonly PlannedReplay[]): Record<ReplayDecision, number> {
  const counts = { replay: 0, replayed: 0, superseded: 0, impossible: 0 }
  for (const { decision } of plan) counts[decision]++
  return counts
}

function filesText(files: readonly RejectedFile[], limit: number, done: boolean): string {
  const rows = files
    .slice(0, limit)
    .map(({ file, rows: count, row, reason, text }) => [file, count, row, oneLine(reason), oneLine(text)])
  const says = done
    ? `${files.length} files announced: the ingest reads those that were corrected`
    : `${files.length} files. Nothing was changed; --yes has the ingest look at them again.`
  return `${table(['file', 'rows', 'first row', 'reason', 'text'], rows)}${says}\n`
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, shownReason)
}
