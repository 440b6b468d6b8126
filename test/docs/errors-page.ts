import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { exitCodeOf } from '../../bin/exit-codes.ts'
import { type ErrorCode, errorActions, StreamsError } from '../../core/errors.ts'
import { docText } from './documented-interface.ts'
import { markdownTable } from './markdown-table.ts'

const source = 'core/errors.ts'

/** The page of all error codes, made from their docstrings. Throws for a code that does not say what happened and what to do. */
export function errorsPage(): string {
  const texts = docstrings()
  const rows = (Object.keys(errorActions) as ErrorCode[]).map((code) => {
    const [, what, toDo] = /^(.+) To do: (.+)$/.exec(texts.get(code) ?? '') ?? []
    if (what === undefined || toDo === undefined)
      throw new Error(`the docstring of ${code} lacks what happened, or "To do: " and what to do`)
    const { action } = new StreamsError(code, '')
    return [`\`${code}\``, `\`${action}\``, String(exitCodeOf(new StreamsError(code, ''))), what, toDo]
  })
  return `# Errors

Every error that the library throws on purpose is a \`StreamsError\` with a \`code\` from this list and an \`action\`:

- \`retry\`: the same call may succeed later; nothing was lost
- \`restart-task\`: uncommitted work is dropped and the tasks are made anew from their last commit, which the runtime does by itself
- \`fix-input\`: the record, file, setting or code is wrong; it would fail again
- \`stop\`: this process must not go on

What the handlers set aside: [errors and dead letters](operators.md#errors-and-dead-letters). This page is made from [\`${source}\`](../${source})
(\`npx vitest run test/docs/reference.test.ts -u\` writes it). "Exit" is \`store-sku\`'s [exit code](reference/command-line.md#exit-codes).

${markdownTable(['code', 'action', 'exit', 'what happened', 'what to do'], rows)}
`
}

/** Of the members of `errorActions`, by their names. */
function docstrings(): ReadonlyMap<string, string> {
  const file = ts.createSourceFile(source, readFileSync(source, 'utf8'), ts.ScriptTarget.Latest, true)
  const texts = new Map<string, string>()
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node)) texts.set(node.name.getText(file), docText(node))
    ts.forEachChild(node, visit)
  }
  visit(file)
  return texts
}
