import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { StreamsError } from '../errors.ts'
import type { Serde } from '../serde.ts'

/**
 * JSON, described by any Standard Schema (zod, valibot, arktype). The schema's output must be valid input to it again,
 * because values are written as they are: a schema that transforms does not compile here.
 *
 * The schema runs at the edge only (`validate`, on records of source topics).
 */
export function json<I, O extends I>(schema: StandardSchemaV1<I, O>): Serde<O> {
  return {
    name: 'json',
    decode(bytes, start, end) {
      try {
        return JSON.parse(bytes.utf8Slice(start, end)) as O
      } catch (error) {
        throw new StreamsError('DESERIALIZATION', `not JSON: ${(error as Error).message}`, error)
      }
    },
    encode(value, target, at) {
      const text = JSON.stringify(value)
      if (text === undefined) throw new StreamsError('SERIALIZATION', `${typeof value} has no JSON form`)
      target.reserve(at, text.length * 3)
      return at + target.buffer.utf8Write(text, at)
    },
    validate(value) {
      const result = schema['~standard'].validate(value)
      if (result instanceof Promise)
        throw new StreamsError('ASYNC_FUNCTION', 'the schema validates asynchronously; use a synchronous one')
      if (result.issues !== undefined) throw new StreamsError('DESERIALIZATION', describe(result.issues))
      return result.value
    },
    jsonSchema() {
      const { jsonSchema } = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
      try {
        return jsonSchema?.output({ target: 'draft-2020-12' })
      } catch {
        // a schema may hold what JSON Schema cannot say
        return undefined
      }
    }
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
