import { expect, it } from 'vitest'
import { listenAt, scanInterval } from '../../bin/event-sources.ts'

it('listens on a port of this machine, or of the address that is named', () => {
  expect(listenAt('8080', 'secret')).toEqual({ host: '127.0.0.1', port: 8080, token: 'secret' })
  expect(listenAt('0.0.0.0:80', 'secret')).toEqual({ host: '0.0.0.0', port: 80, token: 'secret' })
})

it('says what is wrong with an address, and that a token is needed', () => {
  for (const address of ['', 'http', ':80', '1:2:x', '70000'])
    expect(() => listenAt(address, 'secret')).toThrow('PORT or HOST:PORT')
  for (const token of [undefined, '']) expect(() => listenAt('80', token)).toThrow('INGEST_TOKEN')
})

it('takes seconds between scans', () => {
  expect(scanInterval('1.5')).toBe(1500)
  for (const seconds of ['0', '-1', 'often', '']) expect(() => scanInterval(seconds)).toThrow('--scan-every')
})
