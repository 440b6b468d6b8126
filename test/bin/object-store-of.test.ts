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
])('of %s with %o the local server’s credentials: %s', (endpoint, environment, local) => {
  expect(localCredentials(endpoint, environment) !== undefined).toBe(local)
})
