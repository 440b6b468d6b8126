import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'

/** What a field mostly holds. A hint only: whatever else is there is read and written as well, more slowly. */
export type JsonKind = 'string' | 'integer' | 'number' | 'boolean' | 'other'

export interface JsonField {
  readonly name: string
  readonly kind: JsonKind
}

/** Objects with more fields are read and written by the engine's own JSON. */
const mostFields = 64

export type JsonSchema = Readonly<Record<string, unknown>>

/** What the values look like that a schema lets through; undefined where it does not say. */
export function jsonSchemaOf(schema: StandardSchemaV1): JsonSchema | undefined {
  const { jsonSchema } = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  try {
    return jsonSchema?.output({ target: 'draft-2020-12' })
  } catch {
    // a schema may hold what JSON Schema cannot say
    return undefined
  }
}

/** The declared fields of an object, in their order; undefined for anything else. */
export function declaredFields(schema: JsonSchema | undefined): readonly JsonField[] | undefined {
  const properties = schema?.['properties']
  if (schema?.['type'] !== 'object' || !isObject(properties)) return undefined
  const fields = Object.entries(properties).map(([name, property]) => ({
    name,
    kind: declaredKind(property)
  }))
  return isCompilable(fields.map(({ name }) => name)) ? fields : undefined
}

/** The fields of an object as it was met. */
export function seenFields(value: unknown): readonly JsonField[] | undefined {
  if (!isObject(value) || Array.isArray(value)) return undefined
  const fields = Object.entries(value).map(([name, field]) => ({ name, kind: seenKind(field) }))
  return isCompilable(fields.map(({ name }) => name)) ? fields : undefined
}

/**
 * Whether a schema asks for no more than the declared fields with values of their declared kinds, so that an object which was just read as
 * such needs no second look. A JSON Schema does not tell: refinements and transforms leave no trace in it. Zod's definitions do
 * (`_zod.def`, open to libraries by its documentation); schemas of other makers are always asked.
 */
export function asksForKindsOnly(schema: StandardSchemaV1): boolean {
  const object = zodDefinition(schema)
  if (object === undefined || !leavesOutUnknown(schema) || !hasNoChecks(object)) return false
  const { shape } = object
  return isObject(shape) && Object.values(shape).every((field) => isPlain(zodDefinition(field)))
}

/** Whether a schema takes objects and returns new ones with the declared fields alone, in the order of their declaration: a zod object, unless strict or loose. */
export function leavesOutUnknown(schema: StandardSchemaV1): boolean {
  const object = zodDefinition(schema)
  return object?.['type'] === 'object' && object['catchall'] === undefined
}

function isPlain(field: JsonSchema | undefined): boolean {
  if (field === undefined || field['coerce'] === true) return false
  switch (field['type']) {
    case 'string':
    case 'boolean':
      return hasNoChecks(field) && field['format'] === undefined
    case 'number':
      // z.int() is a number whose format is its only check
      return hasNoChecks(field) && (field['format'] === undefined || field['format'] === 'safeint')
    default:
      return false
  }
}

function hasNoChecks({ checks }: JsonSchema): boolean {
  return checks === undefined || (Array.isArray(checks) && checks.length === 0)
}

function zodDefinition(schema: unknown): JsonSchema | undefined {
  const inside = isObject(schema) ? schema['_zod'] : undefined
  const definition = isObject(inside) ? inside['def'] : undefined
  return isObject(definition) ? definition : undefined
}

function declaredKind(property: unknown): JsonKind {
  const type = isObject(property) ? property['type'] : undefined
  return type === 'string' || type === 'integer' || type === 'number' || type === 'boolean' ? type : 'other'
}

function seenKind(value: unknown): JsonKind {
  const type = typeof value
  if (type === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number'
  return type === 'string' || type === 'boolean' ? type : 'other'
}

/**
 * Names that look like an array's index have an order of their own in objects, and `__proto__` in a literal is no field. An
 * object may also be a dictionary, with names that never come again.
 */
function isCompilable(names: readonly string[]): boolean {
  return (
    names.length > 0 &&
    names.length <= mostFields &&
    names.every((name) => name !== '__proto__' && !/^\d/.test(name))
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
