import { expect, test } from 'vitest'
import { httpAddress } from '../../bin/http-option.ts'
import { kafkaSecurity } from '../../bin/kafka-security.ts'

test('without variables brokers are spoken to in the clear', async () => {
  expect(await kafkaSecurity({})).toEqual({})
})

test('TLS, and a password by SCRAM', async () => {
  const security = await kafkaSecurity({
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: 'shop',
    KAFKA_SASL_PASSWORD: 'p'
  })
  expect(security).toEqual({
    tls: {},
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'shop', password: 'p' }
  })
})

test('IAM access control of MSK is a token made for the region', async () => {
  const { sasl } = await kafkaSecurity({
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'AWS_MSK_IAM',
    AWS_REGION: 'eu-central-1'
  })
  expect(sasl).toMatchObject({ mechanism: 'OAUTHBEARER', token: expect.any(Function) })
})

test.each([
  { KAFKA_SECURITY_PROTOCOL: 'TLS' },
  { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' },
  { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'shop' },
  {
    KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
    KAFKA_SASL_MECHANISM: 'AWS_MSK_IAM',
    AWS_REGION: 'eu-central-1'
  },
  { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'AWS_MSK_IAM' },
  { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CA_FILE: '/does/not/exist.pem' }
])('%o is refused', async (variables) => {
  await expect(kafkaSecurity(variables)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('an address of HTTP is a port, or a host and a port', () => {
  expect(httpAddress('9464', undefined)).toEqual({ host: '127.0.0.1', port: 9464 })
  expect(httpAddress('[::]:9464', 'a token of some length')).toEqual({
    host: '::',
    port: 9464,
    token: 'a token of some length'
  })
  expect(() => httpAddress('9464x', undefined)).toThrow('write it as PORT or HOST:PORT')
})
