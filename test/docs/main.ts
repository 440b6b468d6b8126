import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { checkout } from './checkout.ts'
import { documentedCommands } from './documented-commands.ts'

const help = `Lists the commands that the README and the pages in docs/ print, and runs the slow ones, which npm test only looks up.

  npm run docs                     the list, with the pace of each
  npm run docs -- --slow           runs the slow ones as they are printed, in a copy of the project, each after the
                                   quick ones above it in its block; what stays up is stopped when it says so
  npm run docs -- --slow --only X  those whose line has X

Exit code 0: all ended with 0 (npm start: when it was told to stop, after all had been processed), 1: one did not, or there was none.
`

/** npm start without --once stays up, and says when it has done what there is. */
const staysUp = /^npm (ci && npm )?start(?!.*--once)/
const upSoonMs = 1_200_000
/** That long it must stay. */
const stayMs = 10_000
const stopMs = 60_000

/** Whether all processes of the group are gone in time. */
async function untilGone(group: number): Promise<boolean> {
  const end = performance.now() + stopMs
  for (;;) {
    try {
      process.kill(-group, 0)
    } catch {
      return true
    }
    if (performance.now() > end) return false
    await setTimeout(100)
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      slow: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const commands = documentedCommands().filter(({ line }) => line.includes(values.only))
  if (!values.slow) {
    for (const { page, pace, line } of commands)
      process.stdout.write(`${pace.padEnd(5)}  ${page.padEnd(26)}  ${line}\n`)
    return 0
  }
  const lines = new Map(
    commands.flatMap(({ pace, line, after }) => (pace === 'slow' ? [[line, after] as const] : []))
  )
  if (lines.size === 0) {
    process.stderr.write(`no slow command has '${values.only}' in its line\n`)
    return 1
  }
  const project = await checkout()
  // what the pages call DIR
  const shop = join(project.directory, 'DIR', 'sku-gb', 'shop-1')
  await mkdir(shop, { recursive: true })
  await writeFile(join(shop, '2011-12-01.csv'), 'sold_at,sku,quantity,amount\n2011-12-01,tea,1,2.50\n')
  let failures = 0
  try {
    for (const [line, after] of lines) {
      for (const earlier of after) {
        process.stdout.write(`\n$ ${earlier}\n`)
        const { status } = spawnSync('sh', ['-c', earlier], {
          cwd: project.directory,
          env: project.environment,
          stdio: 'inherit'
        })
        if (status === 0) continue
        failures++
        process.stdout.write(`FAILED: ended with ${status}\n`)
      }
      process.stdout.write(`\n$ ${line}\n`)
      // npm ci empties what it finds there, also by a link
      if (line.startsWith('npm ci'))
        await rm(join(project.directory, 'node_modules'), { recursive: true, force: true })
      const stays = staysUp.test(line)
      const child = spawn('sh', ['-c', line], {
        cwd: project.directory,
        env: project.environment,
        stdio: ['inherit', 'inherit', stays ? 'pipe' : 'inherit'],
        // a group of its own, so that all of it is told to stop
        detached: true
      })
      const group = child.pid as number
      const over = new AbortController()
      const stopAfter = (ms: number) =>
        setTimeout(ms, undefined, { signal: over.signal }).then(
          () => process.kill(-group, 'SIGTERM'),
          () => undefined
        )
      let up = !stays
      child.stderr?.on('data', (text: Buffer) => {
        process.stderr.write(text)
        if (up || !text.includes('staying up')) return
        up = true
        stopAfter(stayMs)
      })
      if (stays) stopAfter(upSoonMs)
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
      over.abort()
      // the shell ends at the signal, what it started when it has finished
      const ended = await untilGone(group)
      const good = ended && up && (code === 0 || (stays && signal === 'SIGTERM'))
      if (!good) failures++
      process.stdout.write(good ? 'ended as it should\n' : `FAILED: ended with ${code ?? signal}\n`)
    }
  } finally {
    // npm start leaves its services up
    spawnSync('npm', ['run', '--silent', 'local', '--', 'stop'], {
      cwd: project.directory,
      env: project.environment,
      stdio: 'inherit'
    })
    await project.dispose()
  }
  return failures === 0 ? 0 : 1
}

process.exitCode = await main()
