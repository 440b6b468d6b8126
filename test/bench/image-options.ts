import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The option of Node that the image runs with: what is measured is what is deployed. */
export function imageOptions(): readonly string[] {
  const dockerfile = readFileSync(join(import.meta.dirname, '../../deploy/Dockerfile'), 'utf8')
  const [, options] = /^ENV NODE_OPTIONS=(\S+)$/m.exec(dockerfile) ?? []
  if (options === undefined) throw new Error('deploy/Dockerfile sets no NODE_OPTIONS')
  return [options]
}
