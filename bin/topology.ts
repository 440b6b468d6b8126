import { topologyCommand } from './topology-command.ts'

topologyCommand(process.argv.slice(2), (text) => process.stdout.write(text)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`error: ${(error as Error).message}\n`)
    process.exitCode = 2
  }
)
