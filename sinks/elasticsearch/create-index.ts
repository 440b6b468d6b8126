import type { Client, errors, estypes } from '@elastic/elasticsearch'
import { elasticsearch } from './client-library.ts'

export interface IndexBody {
  readonly settings?: estypes.IndicesIndexSettings
  readonly mappings?: estypes.MappingTypeMapping
  readonly aliases?: Record<string, estypes.IndicesAlias>
}

/** Makes the index unless it is there. True if this call made it. */
export async function createIndex(client: Client, index: string, body: IndexBody): Promise<boolean> {
  try {
    await client.indices.create({ index, ...body })
    return true
  } catch (error) {
    if (
      error instanceof elasticsearch().errors.ResponseError &&
      typeOf(error) === 'resource_already_exists_exception'
    )
      return false
    throw error
  }
}

function typeOf(error: errors.ResponseError): unknown {
  const body = error.body as { error?: { type?: unknown } } | undefined
  return body?.error?.type
}

/** The answer, or undefined if it has that status. */
export async function unless<T>(status: number, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof elasticsearch().errors.ResponseError && error.statusCode === status) return undefined
    throw error
  }
}
