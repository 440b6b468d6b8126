import { integer, type Processor, string, Topology, topic } from '../../index.ts'

/** Change of stock, in units, by SKU. */
export const movements = topic('movements', { key: string(), value: integer() })
export const arrivals = topic('arrivals', { key: string(), value: integer() })
export const departures = topic('departures', { key: string(), value: integer() })

/** Sorts stock movements: a graph of single processors, which name the steps they forward to. */
export function sortMovements(): Topology {
  return new Topology()
    .addSource('movements', movements)
    .addProcessor('sort', byDirection, 'movements')
    .addSink('in', arrivals, 'sort')
    .addSink('out', departures, 'sort')
}

function byDirection(): Processor<string, number, string, number> {
  return {
    process(record, context) {
      if (record.value > 0) context.forward(record, 'in')
      if (record.value < 0) context.forward({ ...record, value: -record.value }, 'out')
    }
  }
}
