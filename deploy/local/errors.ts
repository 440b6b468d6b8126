/** A failure whose message alone tells the user what to do; it is shown without a stack. */
export class LocalServiceError extends Error {
  override name = 'LocalServiceError'
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}
