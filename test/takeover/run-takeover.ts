import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface TakeoverProcess {
  readonly app: string
  readonly bootstrap: string
  readonly guarantee?: 'exactly_once_v2' | 'at_least_once'
  readonly engine?: 'rocksdb' | 'level'
  readonly cache?: number
  readonly state?: string
  /** Commit interval, ms. */
  readonly commit?: number
  /** Retention of the windows, hours. */
  readonly retention?: number
  /** Seconds until it gives up. */
  readonly timeout?: number
  /** Where it kills itself, in which commit (or restored store), and where it writes its last words. */
  readonly 'kill-at'?: string
  readonly 'kill-after'?: number
  readonly 'last-words'?: string
  readonly report?: boolean
}

export interface EndedProcess {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs our half of the application in a process of its own, until everything is committed or it has killed itself. */
export function runTakeover(options: TakeoverProcess): Promise<EndedProcess> {
  const args = Object.entries(options).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : value === true ? [`--${name}`] : [`--${name}`, `${value}`]
  )
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}
