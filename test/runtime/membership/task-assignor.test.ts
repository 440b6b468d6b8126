import { expect, it } from 'vitest'
import {
  decodeShareInfo,
  encodeMemberInfo,
  encodeShareInfo,
  protocolVersion
} from '../../../runtime/membership/member-info.ts'
import { TaskAssignor } from '../../../runtime/membership/task-assignor.ts'
import { Plan } from '../../../runtime/task-plan.ts'
import { PARTITIONS, rekeyed } from '../word-counts.ts'

const { tasks } = new Plan(rekeyed(), 'app', () => PARTITIONS)

function subscriber(name: string, changes: object) {
  const info = { processId: name, topology: 'graph', tags: {}, endpoint: '', round: 1 }
  const owned = { active: [], standby: [], lags: {} }
  const userData = encodeMemberInfo({ version: protocolVersion, ...info, ...owned, ...changes })
  return { memberId: name, instanceId: name, topics: [], userData }
}

function leader() {
  return new TaskAssignor({
    tasks,
    topology: 'graph',
    processId: 'leader',
    tags: {},
    endpoint: '',
    settings: { numStandbyReplicas: 0, maxWarmupReplicas: 2, acceptableRecoveryLag: 0, rackAwareTags: [] },
    onMembers: () => undefined,
    owned: () => ({ round: 1, active: [], standby: [], lags: {} })
  })
}

function told(...members: ReturnType<typeof subscriber>[]) {
  const shares = leader().assign([], members, 'leader')
  return members.map(({ memberId }) => decodeShareInfo(shares.get(memberId)?.userData ?? null))
}

it('speaks the lowest version that a member understands, whatever the others add', () => {
  const answers = told(
    subscriber('new', { version: protocolVersion + 1, hint: 'from the future' }),
    subscriber('old', { version: protocolVersion - 1 }),
    subscriber('same', {})
  )
  expect(answers.map((info) => info?.version)).toEqual(Array(3).fill(protocolVersion - 1))
  expect(answers.flatMap((info) => info?.active ?? []).sort()).toEqual(tasks.map(({ id }) => id).sort())
})

it('tells endpoints and what is behind them; threads of one process are one', () => {
  const [one, other] = told(
    subscriber('1', { endpoint: 'a:1' }),
    subscriber('2', { endpoint: 'a:1' }),
    subscriber('3', {})
  )
  expect(one?.clients).toEqual(other?.clients)
  expect(one?.clients.map(({ endpoint }) => endpoint)).toEqual(['a:1'])
  expect([...(one?.clients[0]?.active ?? [])].sort()).toEqual(
    [...(one?.active ?? []), ...(other?.active ?? [])].sort()
  )
})

it('gives nobody what a member with another graph still runs', () => {
  const ids = tasks.map(({ id }) => id).sort()
  const [old, taker] = told(
    subscriber('old', { topology: 'another graph', active: ['0_0'] }),
    subscriber('leader', {})
  )
  expect(old).toMatchObject({ problem: 'another graph', active: [] })
  expect([...(taker?.active ?? [])].sort()).toEqual(ids.filter((id) => id !== '0_0'))
  const [alone] = told(subscriber('leader', {}))
  expect([...(alone?.active ?? [])].sort(), 'once it has left').toEqual(ids)
})

it('says that tasks wait for their owners to give them up; a leader that comes back to that begins anew', () => {
  const all = tasks.map(({ id }) => id)
  const [gives, waits] = told(subscriber('1', { active: all }), subscriber('2', {}))
  expect(waits?.active).toEqual([])
  expect([gives?.withheld, waits?.withheld]).toEqual([true, true])
  const active = gives?.active ?? []
  const [kept, given] = told(subscriber('1', { active }), subscriber('2', {}))
  expect([kept?.withheld, given?.withheld]).toEqual([undefined, undefined])
  const fits = (info: typeof kept) =>
    info !== undefined && leader().stillFits({ partitions: [], userData: encodeShareInfo(info) })
  expect([fits(gives), fits(kept)]).toEqual([false, true])
})
