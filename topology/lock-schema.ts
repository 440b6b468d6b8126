import { createHash } from 'node:crypto'
import type { Serde } from '../core/serde.ts'

/** What is known of the form of keys or values. Fields are there where the schema is of an object. */
export interface LockedSerde {
  readonly serde: string
  /** Of the JSON Schema; absent where the serde has none. */
  readonly schema?: string
  readonly required?: Readonly<Record<string, string>>
  readonly optional?: Readonly<Record<string, string>>
}

export function lockSerde(serde: Serde<unknown>): LockedSerde {
  const schema = serde.jsonSchema?.()
  if (schema === undefined) return { serde: serde.name }
  const known = { serde: serde.name, schema: hash(schema) }
  const { properties } = schema
  if (!isObject(properties)) return known
  const needed = new Set(Array.isArray(schema.required) ? schema.required : [])
  const fields = Object.entries(properties)
    .map(([name, field]) => [name, hash(field)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...known,
    required: Object.fromEntries(fields.filter(([name]) => needed.has(name))),
    optional: Object.fromEntries(fields.filter(([name]) => !needed.has(name)))
  }
}

/**
 * How a changed form bears on what is already written in the old one: each line is a change, `lost` whether old values cannot be read
 * as new ones.
 */
export function compareSerdes(before: LockedSerde, after: LockedSerde): { line: string; lost: boolean }[] {
  if (before.serde !== after.serde)
    return [{ line: `were written as ${before.serde}, not as ${after.serde}`, lost: true }]
  // what was not known cannot be told to have changed
  if (before.schema === undefined || after.schema === undefined || before.schema === after.schema) return []
  const lines = compareFields(before, after)
  // a change that shows in no field: in a definition that fields share, or in a schema without fields
  return lines.length > 0 ? lines : [{ line: 'have another schema', lost: true }]
}

function compareFields(before: LockedSerde, after: LockedSerde): { line: string; lost: boolean }[] {
  const old = { ...before.required, ...before.optional }
  const lines: { line: string; lost: boolean }[] = []
  for (const [name, form] of Object.entries(after.required ?? {}))
    if (old[name] === undefined) lines.push({ line: `lack the new required field "${name}"`, lost: true })
    else if (old[name] !== form) lines.push({ line: `have field "${name}" in another form`, lost: true })
    else if (before.optional?.[name] !== undefined)
      lines.push({ line: `may lack field "${name}", which is required now`, lost: true })
  for (const [name, form] of Object.entries(after.optional ?? {}))
    if (old[name] === undefined) lines.push({ line: `lack the new optional field "${name}"`, lost: false })
    else if (old[name] !== form) lines.push({ line: `have field "${name}" in another form`, lost: true })
    else if (before.required?.[name] !== undefined)
      lines.push({ line: `have field "${name}", which is optional now`, lost: false })
  const now = { ...after.required, ...after.optional }
  for (const name of Object.keys(old))
    if (now[name] === undefined)
      lines.push({ line: `have field "${name}", which is not known any more`, lost: false })
  return lines
}

function hash(schema: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(schema)))
    .digest('hex')
    .slice(0, 16)
}

/** What says nothing about the form of values. */
const annotations = new Set(['$schema', '$id', '$comment', 'title', 'description', 'examples', 'default'])

/** The same for schemas that mean the same: keys in order, annotations left out. `names`: the keys are field names. */
function canonical(part: unknown, names = false): unknown {
  if (Array.isArray(part)) return part.map((member) => canonical(member))
  if (!isObject(part)) return part
  return Object.fromEntries(
    Object.entries(part)
      .filter(([key]) => names || !annotations.has(key))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [
        key,
        key === 'required' && Array.isArray(value) && !names
          ? [...value].sort()
          : canonical(value, !names && (key === 'properties' || key === '$defs'))
      ])
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
