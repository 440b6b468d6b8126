import { TimeWindows, timeWindowed, topic } from '../../../index.ts'
import { type CaseTopologies, declared, json, jsonTopic, text } from './case-topology.ts'

interface Line {
  readonly country: string
  readonly sku: string
  readonly qty: number
  readonly pence: number
}

interface Hour {
  readonly count: number
  readonly units: number
  readonly pence: number
}

const hourlyKey = timeWindowed(text, 3_600_000)

export const retailTopologies: CaseTopologies = {
  'retail-stock-and-revenue': () => ({
    ...declared((builder) => {
      const lines = builder.stream(jsonTopic<Line>('lines')).filter((line) => line.qty !== 0)
      lines
        .selectKey((line) => `${line.country}|${line.sku}`)
        .groupByKey({ name: 'by-sku', key: text })
        .windowedBy(TimeWindows.ofSizeAndGrace(3_600_000, 60_000))
        .aggregate({
          name: 'hourly',
          initial: (): Hour => ({ count: 0, units: 0, pence: 0 }),
          add: (line, hour) => ({
            count: hour.count + 1,
            units: hour.units + line.qty,
            pence: hour.pence + line.qty * line.pence
          }),
          value: json<Hour>()
        })
        .toStream()
        .to(topic('hourly-sku', { key: hourlyKey, value: json<Hour>() }))
      lines
        .join(builder.table(jsonTopic<{ region: string }>('stores'), { name: 'stores' }), (line, store) => ({
          region: store.region,
          pence: line.qty * line.pence
        }))
        .groupBy((sale) => sale.region, {
          name: 'by-region',
          key: text,
          value: json<{ region: string; pence: number }>()
        })
        .aggregate({
          name: 'revenue',
          initial: () => 0,
          add: (sale, pence) => pence + sale.pence,
          value: json<number>()
        })
        .toStream()
        .to(jsonTopic<number>('revenue-by-region'))
    })(),
    outputKeys: { 'hourly-sku': hourlyKey }
  })
}
