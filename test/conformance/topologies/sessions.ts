import {
  SessionWindows,
  type StreamsBuilder,
  sessionWindowed,
  topic,
  untilWindowCloses,
  type Windowed
} from '../../../index.ts'
import { type CaseTopologies, declaredWith, json, jsonTopic, text } from './case-topology.ts'

const count = json<number>()
const sessionKey = sessionWindowed(text)
const sessionOut = <V>() => topic('out', { key: sessionKey, value: json<V>() })
const grouped = (builder: StreamsBuilder) => builder.stream(jsonTopic<number>('in')).groupByKey()
const sessions = (declare: (builder: StreamsBuilder) => void) =>
  declaredWith<Windowed<string>>(sessionKey, declare)

export const sessionTopologies: CaseTopologies = {
  'window-session-aggregate': sessions((builder) => {
    grouped(builder)
      .windowedBy(SessionWindows.ofInactivityGapWithNoGrace(50))
      .aggregate({
        name: 's',
        initial: (): (number | null)[] => [],
        add: (v, all) => [...all, v],
        merge: (a, b) => [...a, ...b],
        value: json<(number | null)[]>()
      })
      .toStream()
      .to(sessionOut<(number | null)[]>())
  }),

  'window-session-count': sessions((builder) => {
    grouped(builder)
      .windowedBy(SessionWindows.ofInactivityGapAndGrace(50, 100))
      .count({ name: 's', value: count })
      .toStream()
      .to(sessionOut<number>())
  }),

  'window-session-emit-on-close': sessions((builder) => {
    grouped(builder)
      .windowedBy(SessionWindows.ofInactivityGapAndGrace(50, 100))
      .emitStrategy('onWindowClose')
      .count({ name: 's', value: count, retentionMs: 10_000 })
      .toStream()
      .to(sessionOut<number>())
  }),

  'window-session-reduce': sessions((builder) => {
    grouped(builder)
      .windowedBy(SessionWindows.ofInactivityGapAndGrace(50, 1000))
      .reduce({ name: 's', reducer: (v, sum) => (sum ?? 0) + (v ?? 0) })
      .toStream()
      .to(sessionOut<number>())
  }),

  'window-suppress-until-closes-session': sessions((builder) => {
    grouped(builder)
      .windowedBy(SessionWindows.ofInactivityGapAndGrace(50, 100))
      .count({ name: 's', value: count })
      .suppress(untilWindowCloses({ name: 'KTABLE-SUPPRESS-STATE-STORE-0000000003' }))
      .toStream()
      .to(sessionOut<number>())
  })
}
