import {
  type Suppressed,
  TimeWindows,
  timeWindowed,
  topic,
  untilTimeLimit,
  untilWindowCloses,
  type Windowed
} from '../../../index.ts'
import { type CaseTopologies, declared, declaredWith, json, jsonTopic, text } from './case-topology.ts'

const name = 'KTABLE-SUPPRESS-STATE-STORE-0000000003'
const windowedKey = timeWindowed(text, 100)

function windowed(suppressed: Suppressed<Windowed<string>>) {
  return declaredWith<Windowed<string>>(windowedKey, (builder) => {
    builder
      .stream(jsonTopic<number>('in'))
      .groupByKey()
      .windowedBy(TimeWindows.ofSizeAndGrace(100, 50))
      .count({ name: 'w', value: json<number>() })
      .suppress(suppressed)
      .toStream()
      .to(topic('out', { key: windowedKey, value: json<number>() }))
  })
}

function ofTable(suppressed: Suppressed<string>) {
  return declared((builder) => {
    builder
      .table(jsonTopic<number>('in'), { name: 'rows' })
      .suppress(suppressed)
      .toStream()
      .to(jsonTopic<number>('out'))
  })
}

export const suppressTopologies: CaseTopologies = {
  'table-suppress-max-records': ofTable(untilTimeLimit(1000, { name, maxRecords: 2 })),
  'table-suppress-until-time-limit': ofTable(untilTimeLimit(100, { name })),
  'window-suppress-until-closes': windowed(untilWindowCloses({ name })),
  'window-suppress-until-time-limit': windowed(untilTimeLimit(30, { name }))
}
