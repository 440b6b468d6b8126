import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** A member of an interface, as its declaration documents it. */
export interface DocumentedMember {
  readonly name: string
  readonly optional: boolean
  /** As it is written, on one line. */
  readonly type: string
  /** The text of its docstring, on one line; empty if there is none. */
  readonly text: string
}

/** Reads an interface and its docstrings from a source file. Throws if the file does not declare it. */
export function documentedInterface(path: string, name: string): readonly DocumentedMember[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const found = source.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name
  )
  if (found === undefined) throw new Error(`${path} declares no interface ${name}`)
  return found.members.flatMap((member) => {
    if (!ts.isPropertySignature(member) && !ts.isMethodSignature(member)) return []
    return {
      name: member.name.getText(source),
      optional: member.questionToken !== undefined,
      type: typeText(member, source),
      text: docText(member)
    }
  })
}

function typeText(member: ts.PropertySignature | ts.MethodSignature, source: ts.SourceFile): string {
  if (ts.isMethodSignature(member)) return 'function'
  const text = member.type?.getText(source).replaceAll(/\s+/g, ' ') ?? ''
  return text.includes('=>') ? 'function' : text.replace(/ \| undefined$/, '')
}

/** The text of a declaration's docstring, on one line; empty if there is none. */
export function docText(member: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc)
  return docs
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
