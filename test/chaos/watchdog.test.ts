import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Watchdog } from './watchdog.ts'

it('says where a run stands still', async () => {
  const watchdog = new Watchdog(300)
  watchdog.enter('transform')
  watchdog.describeWith(() => '5 of 10 committed')
  await expect(watchdog.guard(new Promise(() => {}))).rejects.toThrow(
    /^nothing happened for \d s in 'transform': 5 of 10 committed$/
  )
})

it('keeps still as long as something happens', async () => {
  const watchdog = new Watchdog(600)
  const action = async () => {
    for (let i = 0; i < 8; i++) {
      await sleep(150)
      watchdog.touch()
    }
    return 'done'
  }
  expect(await watchdog.guard(action())).toBe('done')
  watchdog.stop()
})

it('fails at once for a reason that is known', async () => {
  const watchdog = new Watchdog(60_000)
  const guarded = watchdog.guard(new Promise(() => {}))
  watchdog.fail(new Error('the worker ended too often'))
  await expect(guarded).rejects.toThrow('the worker ended too often')
  watchdog.stop()
})
