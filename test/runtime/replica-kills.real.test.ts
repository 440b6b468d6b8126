import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { PlatformaticClient } from '../../index.ts'
import { server } from '../sinks/servers.ts'
import { expectExactCounts, PARTITIONS } from './word-counts.ts'
import { readCounts, writeWordsUntil } from './word-traffic.ts'

interface Told {
  readonly active?: number
  readonly copies?: number
  readonly records?: number
  readonly log?: string
}

/** A replica in a process of its own. */
class ReplicaProcess {
  readonly child: ChildProcess
  readonly log: string[] = []
  active = 0
  copies = 0
  records = -1
  exited = false

  constructor(prefix: string, stateDirectory: string) {
    const program = new URL('./replica-process.ts', import.meta.url)
    this.child = fork(program, [server('KAFKA_BROKERS'), prefix, stateDirectory])
    this.child.on('exit', () => {
      this.exited = true
      this.active = 0
    })
    this.child.on('message', ({ active, copies, records, log }: Told) => {
      this.active = active ?? this.active
      this.copies = copies ?? this.copies
      this.records = records ?? this.records
      if (log !== undefined) this.log.push(log)
    })
  }
}

let prefix: string
let client: PlatformaticClient
let directories: string[]
let processes: ReplicaProcess[]

beforeEach(() => {
  prefix = `kills-${Date.now().toString(36)}-`
  client = new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') })
  directories = []
  processes = []
})

afterEach(async () => {
  for (const { child } of processes) child.kill('SIGKILL')
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })))
})

async function replica(stateDirectory?: string): Promise<ReplicaProcess> {
  const directory = stateDirectory ?? (await mkdtemp(join(tmpdir(), 'store-sku-replica-')))
  if (stateDirectory === undefined) directories.push(directory)
  const started = new ReplicaProcess(prefix, directory)
  processes.push(started)
  return started
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !condition(); await setTimeout(20))
    if (Date.now() > end)
      throw new Error(`${what}: ${JSON.stringify(processes.map(({ child, ...one }) => one))}`)
}

it('one frozen for longer than its session, then the other killed: each record is counted once', async () => {
  const stop = new AbortController()
  const writing = writeWordsUntil(client, prefix, stop.signal)
  const first = await replica()
  await until('one has all', () => first.active === 2 * PARTITIONS)
  const second = await replica()
  await until('two share', () => first.active === PARTITIONS && second.active === PARTITIONS)
  await until('copies are open', () => second.copies === PARTITIONS / 2)

  first.child.kill('SIGSTOP')
  await until('the other takes over', () => second.active === 2 * PARTITIONS)
  first.child.kill('SIGCONT')
  await until('it learned that, one way or another', () => first.exited || first.active === PARTITIONS)
  // as its supervisor would
  const again = first.exited ? await replica(directories[0]) : first
  await until('two share again', () => again.active === PARTITIONS && second.active === PARTITIONS)
  second.child.kill('SIGKILL')
  await until('the first takes over', () => again.active === 2 * PARTITIONS)
  stop.abort()
  const written = await writing
  again.records = -1
  await until('all is counted', () => again.records === 0)
  again.child.send('close')
  await until('it has ended', () => again.exited)
  expectExactCounts(await readCounts(client, prefix), written)
  // who was away is told so
  expect(first.log.join('\n')).toMatch(/making the tasks anew|stopped/)
}, 120_000)
