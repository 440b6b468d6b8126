import { json, type KStream, type StreamsBuilder } from '../../index.ts'
import type { StoreItem } from '../../processors/retail/ledgers.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import {
  nothingCounted,
  Reconciliation,
  reconcile,
  reconciliationKey,
  type Tally
} from '../../processors/retail/reconciliation.ts'
import { tallyRows, tallyStore } from '../../processors/retail/tally-rows.ts'
import * as topics from './topics.ts'

/** Where rows are counted. */
export interface Counted {
  /** As they were read. */
  readonly files: KStream<string, Tally, 'value'>
  /** As the ledger of SKUs adds them up. */
  readonly lineItems: KStream<string, LineItem, 'value'>
  /** As the ledger of stores adds them up. */
  readonly storeItems: KStream<string, StoreItem>
}

/**
 * For each version of a file: whether its rows and their money are all in line items or dead letters, and in the ledgers. The counts meet in
 * a topic, because they come from different partitions.
 */
export function reconciliation(builder: StreamsBuilder, { files, lineItems, storeItems }: Counted): void {
  const items = tallyStore('lineItems')
  const ledgers = tallyStore('ledgers')
  files.selectKey(reconciliationKey).to(topics.rowCounts)
  lineItems.process(tallyRows('lineItems', items), { stores: [items] }).to(topics.rowCounts)
  storeItems.process(tallyRows('ledgers', ledgers), { stores: [ledgers] }).to(topics.rowCounts)
  builder
    .stream(topics.rowCounts)
    .groupByKey()
    .aggregate({
      name: 'reconciliation',
      initial: () => nothingCounted,
      add: reconcile,
      value: json(Reconciliation)
    })
    .toStream()
    .to(topics.reconciliation)
}
