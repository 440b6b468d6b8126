import S3rver from 's3rver'

/** Runs the object store until it is told to end: object-store-server.ts PORT FOLDER. */
const [port = '', folder = ''] = process.argv.slice(2)

const server = new S3rver({
  address: '127.0.0.1',
  port: Number(port),
  directory: folder,
  silent: true,
  // buckets are named in the path, so that no name has to be resolved
  vhostBuckets: false
})

await server.run()

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    // clients keep idle connections open, which closing would wait for; requests are short
    setTimeout(() => process.exit(0), 500)
    server.close().then(() => process.exit(0))
  })
}
