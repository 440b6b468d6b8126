import { z } from 'zod'
// not the index: what a replica does not need would only make its start slower
import { json } from '../../core/serdes/json.ts'
import { string } from '../../core/serdes/string.ts'
import { topic } from '../../core/topic.ts'
import { TimeWindows } from '../../core/windows.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import type { Topology } from '../../topology/topology.ts'

export const accountCount = 1_000
export const windowMs = 10_000
/** Late records are none: those of replicas that were away for a while must count. */
const graceMs = 24 * 3_600_000

const Event = z.object({ n: z.int(), account: z.string(), cents: z.int() })
const Account = z.object({ rate: z.int(), note: z.string().optional() })
const Enriched = z.object({ n: z.int(), cents: z.int(), rate: z.int() })
const Totals = z.object({ count: z.int(), cents: z.int(), weighted: z.int() })
const Traffic = z.object({ count: z.int(), cents: z.int() })

/** @param partitions of the topics that tasks read: as many tasks without, and as many with state */
export function replicaTopics(prefix: string, partitions: number) {
  return {
    events: topic(`${prefix}events`, { key: string(), value: json(Event), partitions }),
    accounts: topic(`${prefix}accounts`, {
      key: string(),
      value: json(Account),
      partitions,
      cleanupPolicy: 'compact'
    }),
    enriched: topic(`${prefix}enriched`, { key: string(), value: json(Enriched), partitions: 8 }),
    totals: topic(`${prefix}totals`, { key: string(), value: json(Totals), partitions: 8 })
  }
}

/** A repartition topic, a join with a table, totals and windows. Uncached, each event makes one record in each output. */
export function replicasGraph(prefix: string, partitions: number): Topology {
  const topics = replicaTopics(prefix, partitions)
  const builder = new StreamsBuilder()
  const accounts = builder.table(topics.accounts, { name: 'accounts' })
  const enriched = builder
    .stream(topics.events)
    .selectKey(({ account }) => account)
    .repartition({ name: 'by-account', key: string() })
    // an account that is not there would be a wrong sum
    .leftJoin(accounts, ({ n, cents }, account) => ({ n, cents, rate: account?.rate ?? 0 }))
  enriched.to(topics.enriched)
  const byAccount = enriched.groupByKey({ value: json(Enriched) })
  byAccount
    .aggregate({
      name: 'totals',
      initial: () => ({ count: 0, cents: 0, weighted: 0 }),
      add: ({ cents, rate }, total) => ({
        count: total.count + 1,
        cents: total.cents + cents,
        weighted: total.weighted + cents * rate
      }),
      value: json(Totals)
    })
    .toStream()
    .to(topics.totals)
  byAccount.windowedBy(TimeWindows.ofSizeAndGrace(windowMs, graceMs)).aggregate({
    name: 'traffic',
    initial: () => ({ count: 0, cents: 0 }),
    add: ({ cents }, total) => ({ count: total.count + 1, cents: total.cents + cents }),
    value: json(Traffic)
  })
  return builder.build()
}
