import { describe, expect, test } from 'vitest'
import { parseKafkaSettings, serverProperties } from '../../deploy/local/kafka-settings.ts'

describe('KAFKA_SETTINGS', () => {
  test('are separated by commas, which values may hold too', () => {
    expect(parseKafkaSettings('a.b=1, log.cleanup.policy=compact,delete,c=x=y')).toEqual({
      'a.b': '1',
      'log.cleanup.policy': 'compact,delete',
      c: 'x=y'
    })
  })

  test.each(['abc', '=1'])('%s is refused', (text) => {
    expect(() => parseKafkaSettings(text)).toThrow('key=value')
  })

  test('win over the usual settings', () => {
    const place = { dataFolder: '/data', clientPort: 1, controllerPort: 2 }
    const lines = serverProperties(place, { 'num.partitions': '9' }).split('\n')
    expect(lines.filter((line) => line.startsWith('num.partitions='))).toEqual(['num.partitions=9'])
  })
})
