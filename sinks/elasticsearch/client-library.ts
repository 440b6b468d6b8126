import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The client's package, loaded by who uses it first: without it and fastify an application starts with 11 MiB and 0.3 CPU seconds less. */
export function elasticsearch(): typeof import('@elastic/elasticsearch') {
  return require('@elastic/elasticsearch') as typeof import('@elastic/elasticsearch')
}
