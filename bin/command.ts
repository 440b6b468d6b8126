import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util'
import type { ExitCode } from './exit-codes.ts'
import type { ProgressBars } from './progress-bars.ts'

/** What a command prints to, and what ends it early. */
export interface Terminal {
  /** To the standard output: results. */
  readonly print: (text: string) => void
  /** To the standard error: everything else. */
  readonly bars: ProgressBars
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly stop: AbortSignal
}

export interface CommandOption extends ParseArgsOptionDescriptor {
  /** How its value is written in the help, e.g. `FILE`; undefined for one without value. */
  readonly value?: string
  readonly help: string
}

type CommandOptions = Readonly<Record<string, CommandOption>>

type Values<O extends CommandOptions> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>['values']

interface Arguments<O extends CommandOptions> {
  readonly values: Values<O>
  readonly positionals: readonly string[]
}

/** One command of `store-sku`, as its help and docs/reference/command-line.md show it. */
export interface CommandText {
  /** One word or two, e.g. `state get`. */
  readonly name: string
  /** What it does, in one line. */
  readonly summary: string
  /** Its arguments, e.g. `STORE KEY`. */
  readonly parameters?: string
  /** What must be known to use it; lines of at most 110 characters. */
  readonly details?: string
  /** Lines after `store-sku`, and what each does. */
  readonly examples: readonly (readonly [line: string, does: string])[]
}

export interface CommandDefinition<O extends CommandOptions> extends CommandText {
  readonly options: O
  /** Throws CONFIG_INVALID for arguments that it does not understand. */
  run(args: Arguments<O>, terminal: Terminal): Promise<ExitCode>
}

/** A command whose options' types are its own affair. */
export interface Command extends CommandText {
  readonly options: CommandOptions
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>
}

export function command<const O extends CommandOptions>(definition: CommandDefinition<O>): Command {
  return {
    ...definition,
    run(args, terminal) {
      const { options } = definition
      const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
      return definition.run({ values: values as Values<O>, positionals }, terminal)
    }
  }
}

/** The option that every command has. */
export const jsonOption = {
  json: { type: 'boolean', default: false, help: 'print the result as JSON, for programs' }
} as const

/** Prints a result for people, or with `--json` for programs. */
export function printResult(terminal: Terminal, json: boolean, result: unknown, text: string): void {
  terminal.print(json ? `${JSON.stringify(result, null, 2)}\n` : text)
}
