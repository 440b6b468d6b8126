import { expect, it } from 'vitest'
import { localCredentials } from '../../bin/object-store-of.ts'

it.each([
  ['http://127.0.0.1:9090', {}, true],
  ['http://minio.shop:9000', {}, true],
  ['http://minio.shop:9000', { AWS_ACCESS_KEY_ID: 'own' }, false],
  ['https://s3.eu-central-1.amazonaws.com', {}, false],
  ['https://s3.cn-north-1.amazonaws.com.cn', {}, false],
  ['https://s3.amazonaws.com.example', {}, true],
  ['https://store.example', { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1' }, false]
])('of %s, named by the environment, with %o the local server’s credentials: %s', (endpoint, more, local) => {
  expect(localCredentials(endpoint, { S3_ENDPOINT: endpoint, ...more }) !== undefined).toBe(local)
})

it('the local server knows none but its own, whoever’s are in the environment', () => {
  expect(localCredentials('http://127.0.0.1:9090', { AWS_PROFILE: 'work' })).toBeDefined()
  expect(localCredentials('http://127.0.0.1:9090', { S3_ENDPOINT: '', AWS_PROFILE: 'work' })).toBeDefined()
})
