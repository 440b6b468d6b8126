import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withLock } from '../../deploy/local/lock.ts'
import { identify } from '../../deploy/local/process-identity.ts'

let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'store-sku-lock-'))
  file = join(directory, 'lock')
})

afterEach(() => rm(directory, { recursive: true, force: true }))

describe('a lock', () => {
  test('lets one in at a time, and leaves nothing behind', async () => {
    let inside = 0
    let most = 0
    const enter = (): Promise<void> =>
      withLock(file, { timeoutMs: 10_000 }, async () => {
        inside += 1
        most = Math.max(most, inside)
        await sleep(10)
        inside -= 1
      })
    await Promise.all([enter(), enter(), enter(), enter()])
    expect(most).toBe(1)
    expect(await readdir(directory)).toEqual([])
  })

  test('is given back after a failure', async () => {
    const failing = withLock(file, { timeoutMs: 1000 }, () => Promise.reject(new Error('failed inside')))
    await expect(failing).rejects.toThrow('failed inside')
    expect(await withLock(file, { timeoutMs: 1000 }, () => Promise.resolve('next'))).toBe('next')
  })

  test('of a process that is gone is taken over, by one of many', async () => {
    // this process's pid, as it might have been in use earlier
    await writeFile(file, JSON.stringify({ pid: process.pid, began: 'before', token: 'stale' }))
    let inside = 0
    let most = 0
    const enter = (): Promise<void> =>
      withLock(file, { timeoutMs: 10_000 }, async () => {
        inside += 1
        most = Math.max(most, inside)
        await sleep(5)
        inside -= 1
      })
    await Promise.all(Array.from({ length: 8 }, enter))
    expect(most).toBe(1)
    expect(await readdir(directory)).toEqual([])
  })

  test('that is held too long is told, with its holder', async () => {
    const holder = { ...(await identify(process.pid)), token: 'other' }
    await writeFile(file, JSON.stringify(holder))
    const waitedFor: number[] = []
    const onWait = (pid: number): void => {
      waitedFor.push(pid)
    }
    const waiting = withLock(file, { timeoutMs: 150, onWait }, () => Promise.resolve())
    await expect(waiting).rejects.toThrow(`process ${process.pid} has held`)
    expect(waitedFor).toEqual([process.pid])
  })
})
