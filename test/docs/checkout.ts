import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

/** Not copied: what is installed, built, or kept by other runs. */
const leftOut = new Set(['node_modules', 'dist', '.git', '.local'])

/** A copy of the project in which commands may write files, as its reader has one. */
export interface Checkout {
  readonly directory: string
  /** With `npx` in front of the path that starts `store-sku` without npm, which takes a second each time. */
  readonly environment: NodeJS.ProcessEnv
  dispose(): Promise<void>
}

export async function checkout(environment: NodeJS.ProcessEnv = process.env): Promise<Checkout> {
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-checkout-'))
  const project = process.cwd()
  await cp(project, directory, { recursive: true, filter: (path) => !leftOut.has(basename(path)) })
  await symlink(join(project, 'node_modules'), join(directory, 'node_modules'))
  const bin = join(directory, '.local', 'bin')
  await mkdir(bin, { recursive: true })
  await writeFile(
    join(bin, 'npx'),
    `#!/bin/sh
program=$1
shift
[ "$program" != store-sku ] || exec node bin/store-sku.js "$@"
exec "node_modules/.bin/$program" "$@"
`
  )
  await chmod(join(bin, 'npx'), 0o755)
  const path = [bin, join(project, 'node_modules', '.bin'), environment['PATH']].join(':')
  // a test runner that a page's command starts is not part of this one
  const others = Object.entries(environment).filter(([name]) => !name.startsWith('VITEST'))
  return {
    directory,
    environment: { ...Object.fromEntries(others), PATH: path },
    dispose: () => rm(directory, { recursive: true, force: true })
  }
}
