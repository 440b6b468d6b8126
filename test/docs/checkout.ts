import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** Not copied: what is installed, built, or kept by other runs. */
const leftOut = new Set(['node_modules', 'dist', '.git', '.local'])

/** A copy of the project in which commands may write files, as its reader has one. */
export interface Checkout {
  readonly directory: string
  /**
   * With an `npx` in front of the path that has store-sku's commands run in one process, because loading their modules takes longer than most
   * of them. `store-sku run` is a process of its own.
   */
  readonly environment: NodeJS.ProcessEnv
  dispose(): Promise<void>
}

export async function checkout(environment: NodeJS.ProcessEnv = process.env): Promise<Checkout> {
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-checkout-'))
  const project = process.cwd()
  // as a clone's: PostgreSQL, which does not run as root, reads what is installed here
  await chmod(directory, 0o755)
  await cp(project, directory, {
    recursive: true,
    // links within the project stay within the copy
    verbatimSymlinks: true,
    filter: (path) => !leftOut.has(basename(path))
  })
  await symlink(join(project, 'node_modules'), join(directory, 'node_modules'))
  const bin = join(directory, '.local', 'bin')
  await mkdir(bin, { recursive: true })
  await writeFile(
    join(bin, 'npx'),
    `#!/bin/sh
program=$1
shift
[ "$program" = store-sku ] || exec "node_modules/.bin/$program" "$@"
[ "$1" != run ] || exec node bin/store-sku.js "$@"
exec node test/docs/command-client.ts "${join(bin, 'socket')}" "$@"
`
  )
  await chmod(join(bin, 'npx'), 0o755)
  const path = [bin, join(project, 'node_modules', '.bin'), environment['PATH']].join(':')
  // a test runner that a page's command starts is not part of this one
  const others = Object.entries(environment).filter(([name]) => !name.startsWith('VITEST'))
  const ownEnvironment = { ...Object.fromEntries(others), PATH: path }
  const server = spawn('node', ['test/docs/command-server.ts', join(bin, 'socket')], {
    cwd: directory,
    env: ownEnvironment,
    stdio: ['ignore', 'inherit', 'inherit']
  })
  const ended = once(server, 'exit')
  while (!existsSync(join(bin, 'socket')) && server.exitCode === null) await setTimeout(50)
  return {
    directory,
    environment: ownEnvironment,
    async dispose() {
      server.kill()
      await ended
      await rm(directory, { recursive: true, force: true })
    }
  }
}
