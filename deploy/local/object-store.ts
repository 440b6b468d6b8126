import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { accepts, choosePort } from './ports.ts'
import type { LocalService } from './service.ts'

/** The object store's only account. */
export const objectStoreCredentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' } as const

export const objectStore: LocalService = {
  name: 's3',
  title: 'Object store (S3)',
  stopSignal: 'SIGTERM',

  async plan({ folder, state }) {
    const port = await choosePort(state?.port)
    const data = join(folder, 'data')
    await mkdir(data, { recursive: true })
    return {
      address: `http://127.0.0.1:${port}`,
      port,
      command: {
        command: process.execPath,
        // s3rver signs with a hash that OpenSSL 3 keeps among its legacy ones
        args: [
          '--openssl-legacy-provider',
          join(import.meta.dirname, 'object-store-server.ts'),
          String(port),
          data
        ],
        workingDirectory: folder,
        logFile: join(folder, 's3.log')
      }
    }
  },

  async probe(address) {
    const { hostname, port } = new URL(address)
    await accepts(hostname, Number(port))
    // loaded late: only starting and asking for the status need a client
    const { ListBucketsCommand, S3Client } = await import('@aws-sdk/client-s3')
    const client = new S3Client({
      endpoint: address,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: objectStoreCredentials,
      maxAttempts: 1
    })
    try {
      await client.send(new ListBucketsCommand({}), { abortSignal: AbortSignal.timeout(5_000) })
    } finally {
      client.destroy()
    }
  }
}
