import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The client's package, loaded by who uses it first: an application without such a sink is spared 15 MiB and a third of a second. */
export function elasticsearch(): typeof import('@elastic/elasticsearch') {
  return require('@elastic/elasticsearch') as typeof import('@elastic/elasticsearch')
}
