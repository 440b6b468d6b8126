import { describeGroup, type GroupToDescribe, type ToolRow } from '../peer/describe-group.ts'
import { verifyTopic } from '../peer/verify.ts'
import type { CaseResult } from './case.ts'
import type { StoreLines } from './replicas-feeder.ts'

interface OutputsToCheck {
  readonly protocol: string
  readonly bootstrap: string
  readonly enriched: string
  readonly totals: string
  readonly events: number
  readonly report: (message: string) => void
}

/** Each event is once in the stream, and counted once in the totals, as Kafka's own consumer sees it. */
export async function checkOutputs(outputs: OutputsToCheck): Promise<CaseResult[]> {
  const { protocol, bootstrap, enriched, totals, events, report } = outputs
  const stream = await verifyTopic({
    bootstrap,
    topic: enriched,
    uniqueBy: 'field:n',
    expectRange: { from: 0, to: events - 1 },
    field: 'n',
    report
  })
  const updates = await verifyTopic({ bootstrap, topic: totals, uniqueBy: 'key+field:count', report })
  const lost = events - (updates.unique ?? 0)
  const aborted = stream.abortedOrOpenNotVisible ?? 0
  return [
    {
      name: `${protocol}: stream`,
      passed: stream.good && stream.records === events,
      details: `${events} events, ${stream.missing} lost, ${stream.duplicates} duplicated, ${aborted} aborted`
    },
    {
      name: `${protocol}: totals`,
      passed: lost === 0 && updates.duplicates === 0,
      details: `${updates.records} updates, ${lost} lost, ${updates.duplicates} duplicated`
    }
  ]
}

const shown = 3

export function checkStores(protocol: string, expected: StoreLines, found: StoreLines): CaseResult[] {
  return (['accounts', 'totals', 'traffic'] as const).map((name) => {
    const [want, have] = [new Set(expected[name]), new Set(found[name])]
    const missing = expected[name].filter((line) => !have.has(line))
    const wrong = found[name].filter((line) => !want.has(line))
    const good = missing.length + wrong.length === 0 && found[name].length === expected[name].length
    const details = good
      ? `${want.size} entries, each as expected`
      : `${missing.length} entries of ${want.size} are missing (${missing.slice(0, shown).join('; ')}), ${wrong.length} are wrong (${wrong.slice(0, shown).join('; ')})`
    return { name: `${protocol}: store ${name}`, passed: good, details }
  })
}

/** Kafka's own command line tools tell the group's members and lags. */
export async function checkDescription(
  group: GroupToDescribe,
  inputs: readonly { readonly name: string; readonly partitions: number }[]
): Promise<CaseResult> {
  const offsets = await describeGroup(group, 'offsets')
  const members = await describeGroup(group, 'members')
  const lagOf = (row: ToolRow) => row['lag'] ?? row['offset-lag'] ?? ''
  const problems = inputs.flatMap(({ name, partitions }) => {
    const told = offsets.filter((row) => row['topic'] === name && /^\d+$/.test(lagOf(row))).length
    return told === partitions ? [] : [`lags of ${told} of ${partitions} partitions of ${name} are told`]
  })
  if (members.length !== 1) problems.push(`${members.length} members are told, not 1`)
  const lag = offsets.reduce((sum, row) => sum + (Number(lagOf(row)) || 0), 0)
  const tool = group.protocol === 'classic' ? 'kafka-consumer-groups' : 'kafka-streams-groups'
  return {
    name: `${group.protocol}: ${tool}`,
    passed: problems.length === 0,
    details: [...problems, `${members.length} member, ${offsets.length} partitions, lag ${lag}`].join('; ')
  }
}
