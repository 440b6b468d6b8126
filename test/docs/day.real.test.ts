import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Checkout, checkout } from './checkout.ts'
import { documentedCommands } from './documented-commands.ts'
import { ownKafka } from './own-services.ts'

/*
 * docs/day.sh, and then each quick command of the pages as it is printed, on what the day has left.
 */

/** Those that answer with exit code 1, too; of all others it is a failure. */
const asks = /^npx store-sku (lag --max|diff|lock --check|state get)\b/
const mostSeconds = 600

let kafka: Awaited<ReturnType<typeof ownKafka>>
let project: Checkout
beforeAll(async () => {
  kafka = await ownKafka()
  project = await checkout(kafka.environment)
}, mostSeconds * 1000)
afterAll(async () => {
  await project?.dispose()
  await kafka?.close()
})

interface Result {
  readonly code: number
  readonly output: string
}

function run(line: string, timeoutSeconds: number): Promise<Result> {
  const options = { cwd: project.directory, env: project.environment, timeout: timeoutSeconds * 1000 }
  return new Promise((resolve) => {
    execFile('sh', ['-c', line], { ...options, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255
      resolve({ code, output: `${stdout}${stderr}` })
    })
  })
}

it('a day, from two replicas to an upgrade that is refused', { timeout: mostSeconds * 1000 }, async () => {
  const { code, output } = await run('sh docs/day.sh', mostSeconds)
  expect(output).toContain('== A good day\n')
  expect(code).toBe(0)
})

it('each command of the README and the pages runs as it is printed', {
  timeout: mostSeconds * 1000
}, async () => {
  const lines = documentedCommands().filter(({ pace }) => pace !== 'slow')
  expect(lines.length).toBeGreaterThan(15)
  // the pages' first replica is the day's
  await cp(join(project.directory, '.local/day/graph-1'), join(project.directory, '.local/graph-1'), {
    recursive: true
  })
  // what a line leaves behind is the next line's start, as for the reader; the same line need not run twice
  const done = new Set<string>()
  for (const { line, pace } of lines) {
    if (done.has(line)) continue
    done.add(line)
    const { code, output } = await (pace === 'stays' ? runUntilRunning(line) : run(line, 120))
    const answered = code === 0 || (code === 1 && asks.test(line))
    expect(answered, `${line}\nended with ${code}:\n${output}`).toBe(true)
    if (pace === 'stays') expect(output, line).toContain('running: ')
  }
})

/** Starts a command that stays, and stops it when it says that it runs. */
async function runUntilRunning(line: string): Promise<Result> {
  const child = spawn('sh', ['-c', `exec ${line}`], { cwd: project.directory, env: project.environment })
  let output = ''
  let stopped = false
  child.stderr.on('data', (text: Buffer) => {
    output += text.toString()
    // a second one would end it at once
    if (output.includes('running: ') && !stopped) stopped = child.kill('SIGTERM')
  })
  const [code] = await once(child, 'exit')
  return { code: code ?? 255, output }
}
