import type { StandardSchemaV1 } from '@standard-schema/spec'
import { StreamsError } from '../errors.ts'
import type { Serde } from '../serde.ts'
import { JsonReader } from './json-reader.ts'
import { asksForKindsOnly, declaredFields, jsonSchemaOf } from './json-shape.ts'
import { JsonWriter } from './json-writer.ts'

/**
 * JSON, described by any Standard Schema (zod, valibot, arktype). The schema's output must be valid input to it again,
 * because values are written as they are: a schema that transforms does not compile here.
 *
 * The schema runs at the edge only (`validate`, on records of source topics). Objects are read and written by code made for their fields
 * (see JsonReader, JsonWriter), with the results of JSON.parse and JSON.stringify.
 */
export function json<I, O extends I>(schema: StandardSchemaV1<I, O>): Serde<O> {
  const reader = new JsonReader(declaredFields(jsonSchemaOf(schema)))
  const writer = new JsonWriter()
  const kindsOnly = asksForKindsOnly(schema)
  /** The last object read, if its reading has proved all that the schema asks for. */
  let proven: unknown
  return {
    name: 'json',
    decode(bytes, start, end) {
      try {
        const value = reader.read(bytes, start, end)
        proven = kindsOnly && reader.exact ? value : undefined
        return value as O
      } catch (error) {
        throw new StreamsError('DESERIALIZATION', `not JSON: ${(error as Error).message}`, error)
      }
    },
    encode: (value, target, at) => writer.write(value, target, at),
    validate(value) {
      if (value === proven && value !== undefined) return value
      const result = schema['~standard'].validate(value)
      if (result instanceof Promise)
        throw new StreamsError('ASYNC_FUNCTION', 'the schema validates asynchronously; use a synchronous one')
      if (result.issues !== undefined) throw new StreamsError('DESERIALIZATION', describe(result.issues))
      return result.value
    },
    jsonSchema: () => jsonSchemaOf(schema)
  }
}

function describe(issues: readonly StandardSchemaV1.Issue[]): string {
  return issues
    .map((issue) => {
      const path = issue.path?.map((part) => (typeof part === 'object' ? part.key : part)).join('.')
      return path ? `${path}: ${issue.message}` : issue.message
    })
    .join('; ')
}
