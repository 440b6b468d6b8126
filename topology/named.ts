import { StreamsError } from '../core/errors.ts'

/**
 * Whatever keeps state or makes a topic bears a name that its user gave: a name that counts steps would change with the graph, and
 * state would be lost or mistaken. The types demand it; this tells those who write JavaScript, with the line to add.
 */
export function named<T extends { readonly name: string }>(options: T, step: string): T {
  const { name } = (options ?? {}) as { readonly name?: unknown }
  if (typeof name !== 'string') throw withoutName(step)
  return options
}

/**
 * @param step how the step is written, with the name in its place
 * @param why why it needs one
 */
export function withoutName(
  step: string,
  why = 'a step that keeps state or makes a topic needs a name that stays'
): StreamsError {
  return new StreamsError('TOPOLOGY_INVALID', `${why}: give it a name, e.g. ${step}`)
}
