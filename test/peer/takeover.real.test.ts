import { expect, it } from 'vitest'
import { server } from '../sinks/servers.ts'
import { expectedState, JavaApplication } from './takeover.ts'
import { verifyTopic } from './verify.ts'

it('the application in Java makes what was computed without Kafka, in two runs', async () => {
  const bootstrap = server('KAFKA_BROKERS')
  const app = `takeover-${Date.now().toString(36)}`
  const application = new JavaApplication(bootstrap, app)
  const input = { records: 1_000, seed: 5 }
  await application.produce({ ...input, to: 500 })
  await application.runUntilCommitted()
  expect(await application.dump()).toBe(await expectedState({ ...input, to: 500 }, 'dump'))
  await application.produce({ ...input, from: 500 })
  await application.runUntilCommitted({ guarantee: 'exactly_once_v2', timeout: 60 })
  expect(await application.dump()).toBe(await expectedState(input, 'dump'))
  expect(await application.outputs()).toBe(await expectedState(input, 'outputs'))
  const verdict = await verifyTopic({ bootstrap, topic: `${app}-output`, uniqueBy: 'key+field:count' })
  expect(verdict).toMatchObject({ good: true, records: 1_000 })
}, 180_000)
