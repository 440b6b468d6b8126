import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { CommandResult } from '../bin/run-command.ts'

/*
 * Has a command server run a command line, and ends as the command does:
 *
 *   node test/docs/command-client.ts SOCKET ARGUMENT...
 */

const [, , path = '', ...args] = process.argv
const socket = connect({ path, allowHalfOpen: true })
socket.end(JSON.stringify(args))
const { code, stdout, stderr } = JSON.parse(await text(socket)) as CommandResult
// a reader that has seen enough, such as grep -q
process.stdout.on('error', () => process.exit(code))
process.stderr.write(stderr)
process.stdout.write(stdout, () => process.exit(code))
