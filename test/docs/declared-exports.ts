import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

/** A declaration, as its source has it, without what it does inside. */
export interface Declared {
  readonly name: string
  readonly kind: 'Interface' | 'Class' | 'Function' | 'Type' | 'Value'
  /** Where it is declared. */
  readonly file: string
  /** Its docstring, as Markdown. */
  readonly text: string
  readonly signature: string
  /** Of interfaces and classes: what is public. */
  readonly members: readonly Member[]
  /** Types of the project that it names. */
  readonly refers: readonly Place[]
}

export interface Member {
  readonly name: string
  readonly isProperty: boolean
  /** More than one: overloads, each with its own docstring, or none. */
  readonly signatures: readonly { readonly signature: string; readonly text: string }[]
}

export interface Place {
  readonly file: string
  readonly name: string
}

/*
 * Sources are parsed and not type-checked, so that this takes no time: types are shown as they are written.
 */

/** What a module exports by name from other modules, in its order. */
export function exportsOf(entry: string): readonly Declared[] {
  return parsed(entry).statements.flatMap((statement) =>
    !ts.isExportDeclaration(statement) || statement.exportClause === undefined
      ? []
      : namedIn(entry, statement).map(({ file, name }) => declaredAt(file, name))
  )
}

/** Throws for what is not declared there. */
export function declaredAt(file: string, name: string): Declared {
  const found = parsed(file).statements.filter((statement) => namesOf(statement).includes(name))
  const [first] = found
  if (first === undefined) throw new Error(`${file} does not declare ${name}`)
  const about = { name, file, text: found.map(docOf).filter(Boolean).join('\n\n'), members: [] }
  const refers = (...nodes: readonly ts.Node[]) => placesIn(file, nodes)
  if (ts.isInterfaceDeclaration(first) || ts.isClassDeclaration(first)) {
    const isPublic = [...first.members].filter((member) => memberName(member) !== undefined)
    return {
      ...about,
      kind: ts.isClassDeclaration(first) ? 'Class' : 'Interface',
      signature: headOf(first),
      members: membersOf(isPublic),
      refers: refers(...(first.heritageClauses ?? []), ...isPublic)
    }
  }
  if (ts.isFunctionDeclaration(first)) {
    const functions = outside(found.filter(ts.isFunctionDeclaration))
    const signature = functions.map(withoutBody).join('\n')
    return { ...about, kind: 'Function', signature, refers: refers(...functions) }
  }
  if (ts.isTypeAliasDeclaration(first))
    return { ...about, kind: 'Type', signature: plain(first, first.getText()), refers: refers(first) }
  if (ts.isVariableStatement(first))
    return { ...about, kind: 'Value', signature: constant(first, name), refers: [] }
  throw new Error(`${file}: ${name} is of a kind that has no page`)
}

const sources = new Map<string, ts.SourceFile>()

function parsed(file: string): ts.SourceFile {
  const known = sources.get(file)
  if (known !== undefined) return known
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  sources.set(file, source)
  return source
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText())
  const { name } = statement as { name?: ts.Node }
  return name === undefined ? [] : [name.getText()]
}

/** What an import or export of names refers to; nothing if it is no file of the project. */
function namedIn(file: string, statement: ts.ImportDeclaration | ts.ExportDeclaration): readonly Place[] {
  const named = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : statement.exportClause
  const { text = '' } = (statement.moduleSpecifier ?? {}) as { text?: string }
  if (named === undefined || !text.startsWith('.')) return []
  if (!ts.isNamedImports(named) && !ts.isNamedExports(named)) return []
  const target = join(dirname(file), text)
  return named.elements.map(({ name, propertyName }) => ({ file: target, name: (propertyName ?? name).text }))
}

/** Interfaces and type aliases that are named in the nodes, but not within bodies and values. */
function placesIn(file: string, nodes: readonly ts.Node[]): readonly Place[] {
  const { statements } = parsed(file)
  const imported = statements.filter(ts.isImportDeclaration).flatMap((statement) => namedIn(file, statement))
  const places: Place[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node)) return
    const type = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : undefined
    if (type !== undefined && ts.isIdentifier(type)) {
      const own = statements.some((statement) => namesOf(statement).includes(type.text))
      const place = own ? { file, name: type.text } : imported.find(({ name }) => name === type.text)
      if (place !== undefined && isType(place)) places.push(place)
    }
    ts.forEachChild(node, visit)
  }
  for (const node of nodes) visit(node)
  return places
}

function isType({ file, name }: Place): boolean {
  return parsed(file).statements.some(
    (statement) =>
      (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) &&
      statement.name.text === name
  )
}

function membersOf(members: readonly (ts.TypeElement | ts.ClassElement)[]): Member[] {
  const byName = Map.groupBy(members, (member) => memberName(member) ?? '')
  return [...byName].map(([name, nodes]) => ({
    name,
    isProperty: nodes.every(
      (node) => ts.isPropertySignature(node) || ts.isGetAccessor(node) || ts.isPropertyDeclaration(node)
    ),
    signatures: outside(nodes).map((node) => ({ signature: withoutBody(node), text: docOf(node) }))
  }))
}

/** Of overloads with bodies the last one is what implements the others. */
function outside<N extends ts.Node>(overloads: readonly N[]): readonly N[] {
  const { body } = overloads.at(-1) as { body?: ts.Node }
  return overloads.length > 1 && body !== undefined && !ts.isAccessor(overloads[0] as N)
    ? overloads.slice(0, -1)
    : overloads
}

/** Undefined: it is nobody's business outside. */
function memberName(member: ts.TypeElement | ts.ClassElement): string | undefined {
  const hidden = [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword]
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : []
  if (modifiers.some(({ kind }) => hidden.includes(kind))) return undefined
  if (ts.isConstructorDeclaration(member)) return 'constructor'
  if (member.name === undefined || ts.isPrivateIdentifier(member.name)) return undefined
  return member.name.getText()
}

/** `interface Name<T> extends Other`, without what is in its braces. */
function headOf(node: ts.InterfaceDeclaration | ts.ClassDeclaration): string {
  const after = node.heritageClauses?.end ?? node.typeParameters?.end ?? node.name?.end ?? node.end
  const text = node.getText()
  return plain(node, text.slice(0, text.indexOf('{', after - node.getStart())))
}

/** A declaration up to its body or its value, on as many lines as it is written on. */
function withoutBody(node: ts.Node): string {
  const { body, initializer } = node as { body?: ts.Node; initializer?: ts.Node }
  const end = (body ?? initializer)?.getStart() ?? node.end
  return plain(
    node,
    node
      .getText()
      .slice(0, end - node.getStart())
      .replace(/\s*=\s*$/, '')
  )
}

function constant(statement: ts.VariableStatement, name: string): string {
  const declaration = statement.declarationList.declarations.find((one) => one.name.getText() === name)
  const type = declaration?.type
  // what has no type is as short as it is written
  return plain(statement, type === undefined ? statement.getText() : `const ${name}: ${type.getText()}`)
}

/** Without what says only that it is exported, the comments of its parts, and the indentation of what it is in. */
function plain(node: ts.Node, text: string): string {
  const { character } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart())
  return text
    .replace(/^export (?:declare )?/, '')
    .replaceAll(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, '')
    .split('\n')
    .map((line, index) => (index === 0 ? line : line.slice(character)))
    .join('\n')
    .trim()
}

/** As Markdown. */
function docOf(node: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const texts = docs.flatMap(({ comment, tags = [] }) => [
    ts.getTextOfJSDocComment(comment) ?? '',
    ...tags.map((tag) => {
      const { text } = tag.tagName
      const name = ts.isJSDocParameterTag(tag)
        ? `\`${tag.name.getText()}\``
        : text[0]?.toUpperCase() + text.slice(1)
      return `${name}: ${ts.getTextOfJSDocComment(tag.comment) ?? ''}`
    })
  ])
  return texts.filter((text) => text !== '').join('\n\n')
}
