import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { CommandResult } from '../bin/run-command.ts'

/*
 * Has a command server run a command line, and ends as the command does:
 *
 *   node test/docs/command-client.ts SOCKET ARGUMENT...
 *
 * Exit code 70, which no command has: the server is not there, or has not answered.
 */

const unanswered = 70

async function ask(path: string, args: readonly string[]): Promise<CommandResult> {
  try {
    const socket = connect({ path, allowHalfOpen: true })
    socket.end(JSON.stringify(args))
    const answer = await text(socket)
    if (answer === '') throw new Error('the command server hung up')
    return JSON.parse(answer) as CommandResult
  } catch (error) {
    return { code: unanswered, stdout: '', stderr: `no answer to ${args.join(' ')}: ${String(error)}\n` }
  }
}

const [, , path = '', ...args] = process.argv
const { code, stdout, stderr } = await ask(path, args)
// a reader that has seen enough, such as grep -q
process.stdout.on('error', () => process.exit(code))
process.stderr.write(stderr)
process.stdout.write(stdout, () => process.exit(code))
