import { JoinWindows } from '../../../index.ts'
import { type CaseTopologies, declared, json, jsonTopic, text } from './case-topology.ts'

const left = () => jsonTopic<string>('left')
const right = () => jsonTopic<string>('right')
const textsOut = jsonTopic<string>('out')
const both = (l: string | null, r: string | null) => `${l}+${r}`

type Kind = 'join' | 'leftJoin' | 'outerJoin'

function joined(kind: Kind, windows: JoinWindows) {
  return declared((builder) => {
    const [stream, other] = [builder.stream(left()), builder.stream(right())]
    const options = { name: 'join', windows }
    if (kind === 'join') stream.join(other, both, options).to(textsOut)
    else if (kind === 'leftJoin') stream.leftJoin(other, both, options).to(textsOut)
    else stream.outerJoin(other, both, options).to(textsOut)
  })
}

export const streamJoinTopologies: CaseTopologies = {
  'join-stream-stream-inner': joined('join', JoinWindows.ofTimeDifferenceAndGrace(50, 100)),
  'join-stream-stream-inner-after-only': joined(
    'join',
    JoinWindows.ofTimeDifferenceAndGrace(40, 20).before(-5)
  ),
  'join-stream-stream-inner-asymmetric': joined(
    'join',
    JoinWindows.ofTimeDifferenceWithNoGrace(0).before(10).after(40)
  ),
  'join-stream-stream-left': joined('leftJoin', JoinWindows.ofTimeDifferenceAndGrace(50, 100)),
  'join-stream-stream-left-no-grace': joined('leftJoin', JoinWindows.ofTimeDifferenceWithNoGrace(50)),
  'join-stream-stream-outer': joined('outerJoin', JoinWindows.ofTimeDifferenceAndGrace(50, 100)),

  'join-stream-stream-rekeyed': declared((builder) => {
    interface Line {
      readonly sku: string
      readonly qty: number
    }
    builder
      .stream(jsonTopic<Line>('left'))
      .selectKey((v) => v.sku)
      .join(builder.stream(jsonTopic<number>('right')), (l, r) => ({ qty: l.qty, price: r }), {
        name: 'join',
        windows: JoinWindows.ofTimeDifferenceAndGrace(50, 100),
        key: text,
        value: json<Line>()
      })
      .to(jsonTopic<{ qty: number; price: number }>('out'))
  }),

  'join-stream-stream-self': declared((builder) => {
    const stream = builder.stream(left())
    stream
      .join(stream, both, { name: 'join', windows: JoinWindows.ofTimeDifferenceAndGrace(50, 100) })
      .to(textsOut)
  })
}
