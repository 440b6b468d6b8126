import { expect, it } from 'vitest'
import { server } from '../sinks/servers.ts'
import { runTakeover } from '../takeover/run-takeover.ts'
import { expectedState, JavaApplication } from './takeover.ts'
import { verifyTopic } from './verify.ts'

it('what Kafka Streams began is gone on with, exactly once, and equals what was computed without Kafka', async () => {
  const bootstrap = server('KAFKA_BROKERS')
  const app = `takeover-${Date.now().toString(36)}`
  const java = new JavaApplication(bootstrap, app)
  const input = { records: 1_000, seed: 5 }
  await java.produce({ ...input, to: 500 })
  await java.runUntilCommitted()
  await java.produce({ ...input, from: 500 })
  const ours = await runTakeover({ app, bootstrap, timeout: 60, report: true })
  expect(ours).toMatchObject({ code: 0 })
  const [state, outputs, dump, outcome, verdict] = await Promise.all([
    expectedState(input, 'dump'),
    expectedState(input, 'outputs'),
    java.dump(),
    java.outputs(),
    verifyTopic({ bootstrap, topic: `${app}-output`, uniqueBy: 'key+field:count' })
  ])
  expect(dump).toBe(state)
  expect(outcome).toBe(outputs)
  expect(verdict).toMatchObject({ good: true, records: 1_000 })
  // the Java half is in our stores, too
  const { stores } = JSON.parse(ours.stdout) as { stores: string[] }
  expect(stores).toEqual(state.trim().split('\n').sort())
}, 180_000)
