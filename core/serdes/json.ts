import type { StandardSchemaV1 } from '@standard-schema/spec'
import { copyBytes, noBytes } from '../bytes.ts'
import { StreamsError } from '../errors.ts'
import type { Serde } from '../serde.ts'
import { JsonReader } from './json-reader.ts'
import { asksForKindsOnly, declaredFields, jsonSchemaOf, leavesOutUnknown } from './json-shape.ts'
import { JsonWriter } from './json-writer.ts'

/** A value whose text is at hand. All JSON serdes write a value alike, so there is one for all. */
const lent = { value: undefined as unknown, bytes: noBytes, start: 0, end: 0 }

/**
 * JSON, described by any Standard Schema (zod, valibot, arktype). The schema's output must be valid input to it again,
 * because values are written as they are: a schema that transforms does not compile here.
 *
 * The schema runs at the edge only (`decodeUntrusted`, on records of source topics; JSON's null is a tombstone there, too). Objects are read
 * and written by code made for their fields (see JsonReader, JsonWriter), with the results of JSON.parse and JSON.stringify. At the edge the
 * fields that a zod object does not declare are checked to be JSON, and never become values.
 */
export function json<I, O extends I>(schema: StandardSchemaV1<I, O>): Serde<O> {
  const declared = declaredFields(jsonSchemaOf(schema))
  const reader = new JsonReader(declared)
  const outside = leavesOutUnknown(schema) ? new JsonReader(declared, 'leave out') : reader
  const writer = new JsonWriter()
  const kindsOnly = asksForKindsOnly(schema)
  /** The last object written here. A serde made of this one may write by itself, which is not to be taken for JSON. */
  let written: unknown
  return {
    name: 'json',
    decode: (bytes, start, end) => read(reader, bytes, start, end) as O,
    decodeUntrusted(bytes, start, end) {
      const value = read(outside, bytes, start, end)
      // an exact reading has proved all that such a schema asks for
      return value === null || (kindsOnly && outside.exact) ? (value as O) : checked(schema, value)
    },
    encode(value, target, at) {
      if (value !== lent.value || value === undefined) {
        const end = writer.write(value, target, at)
        written = value
        return end
      }
      const { bytes, start, end } = lent
      target.reserve(at, end - start)
      return copyBytes(bytes, start, end, target.buffer, at)
    },
    lend(value, bytes, start, end) {
      // only objects are told apart by what they are
      lent.value = typeof value === 'object' && value !== null && value === written ? value : undefined
      lent.bytes = bytes
      lent.start = start
      lent.end = end
    },
    jsonSchema: () => jsonSchemaOf(schema)
  }
}

function read(reader: JsonReader, bytes: Buffer, start: number, end: number): unknown {
  try {
    return reader.read(bytes, start, end)
  } catch (error) {
    throw new StreamsError('DESERIALIZATION', `not JSON: ${(error as Error).message}`, error)
  }
}

function checked<O>(schema: StandardSchemaV1<unknown, O>, value: unknown): O {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise)
    throw new StreamsError('ASYNC_FUNCTION', 'the schema validates asynchronously; use a synchronous one')
  if (result.issues !== undefined) throw new StreamsError('DESERIALIZATION', describe(result.issues))
  return result.value
}

function describe(issues: readonly StandardSchemaV1.Issue[]): string {
  return issues
    .map((issue) => {
      const path = issue.path?.map((part) => (typeof part === 'object' ? part.key : part)).join('.')
      return path ? `${path}: ${issue.message}` : issue.message
    })
    .join('; ')
}
