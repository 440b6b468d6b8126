import { commandHelp, commands } from '../../bin/command-line.ts'
import { exitCodes } from '../../bin/exit-codes.ts'
import { markdownTable } from './markdown-table.ts'

/** The page of all commands, made from their definitions. */
export function commandLinePage(): string {
  const codes = Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning])
  const pages = commands.map((command) => `## ${command.name}\n\n\`\`\`text\n${commandHelp(command)}\`\`\``)
  return `# Command line

\`npx store-sku\` in the project's folder, or where the package is installed. Results go to the standard output, all else to the standard error.
This page is made from the commands (\`npx vitest run test/docs/reference.test.ts -u\` writes it); a test keeps it equal to them.

## Exit codes

${markdownTable(['code', 'meaning'], codes)}

What each error code means, and its action: [errors](../errors.md).

${pages.join('\n\n')}
`
}
