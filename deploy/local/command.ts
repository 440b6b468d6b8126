import { spawn } from 'node:child_process'
import { hasCode, LocalServiceError } from './errors.ts'

export interface CommandOptions {
  /** What the failure of this command means, and what to do about it */
  readonly onFailure: string
  /** What to say when the program is not installed */
  readonly onMissing: string
  readonly workingDirectory?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** Runs a program to its end and gives what it printed, to either stream. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
      ...(options.workingDirectory === undefined ? {} : { cwd: options.workingDirectory }),
      ...options.user
    })
    let output = ''
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8')
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => {
      reject(hasCode(error, 'ENOENT') ? new LocalServiceError(options.onMissing) : error)
    })
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output)
      const end = output.trimEnd().split('\n').slice(-12).join('\n')
      const details = end === '' ? '' : `\n${command} ended with ${code ?? signal}, saying:\n${end}`
      reject(new LocalServiceError(options.onFailure + details))
    })
  })
}
