import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type DetachedCommand,
  endProcess,
  launchDetached,
  waitUntilAnswering
} from '../../deploy/local/process.ts'
import { isRunning } from '../../deploy/local/process-identity.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'store-sku-process-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

function nodeProgram(script: string): DetachedCommand {
  return {
    command: process.execPath,
    args: ['-e', script],
    workingDirectory: directory,
    logFile: join(directory, 'program.log')
  }
}

describe('a detached process', () => {
  test('writes its log, and is ended by its identity', async () => {
    const program = nodeProgram("console.log('up'); setInterval(() => {}, 1000)")
    const identity = await launchDetached(program)
    await expect.poll(() => readFile(program.logFile, 'utf8')).toBe('up\n')
    expect(await isRunning(identity)).toBe(true)
    expect(await endProcess(identity)).toBe('ended')
    expect(await isRunning(identity)).toBe(false)
    expect(await endProcess(identity)).toBe('not running')
  })

  test('is left alone when its pid has passed to another program', async () => {
    const identity = await launchDetached(nodeProgram('setInterval(() => {}, 1000)'))
    try {
      expect(await endProcess({ ...identity, began: 'at some other time' })).toBe('not running')
      expect(await isRunning(identity)).toBe(true)
    } finally {
      await endProcess(identity)
    }
  })

  test('that ends while it is waited for shows the end of its log', async () => {
    const program = nodeProgram("console.error('no such setting'); setTimeout(() => process.exit(3), 50)")
    const identity = await launchDetached(program)
    const waiting = waitUntilAnswering({
      title: 'The program',
      process: identity,
      logFile: program.logFile,
      timeoutMs: 10_000,
      probe: () => Promise.reject(new Error('refused'))
    })
    await expect(waiting).rejects.toThrow(/The program ended while starting.*no such setting/s)
  })

  test('that does not exist is named', async () => {
    const program = { ...nodeProgram(''), command: 'no-such-program' }
    await expect(launchDetached(program)).rejects.toThrow('the program no-such-program was not found')
  })
})
