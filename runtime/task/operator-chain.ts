import type { Headers } from '../../core/record.ts'
import type { Children, Forward, ForwardChange, OperatorContext } from '../../processors/operator.ts'
import type {
  AnyForward,
  GraphNode,
  RepartitionNode,
  SinkNode,
  SourceNode
} from '../../topology/graph-node.ts'
import type { SubTopology } from '../../topology/sub-topology.ts'

/** Where an input's records enter the chain. */
export type Entries = ReadonlyMap<SourceNode | RepartitionNode, Forward<unknown, unknown>>

/**
 * Composes the steps of a sub-topology into closures, leaves first, once: a record then runs through plain calls, with no look-up of
 * what comes next.
 *
 * @param write how records leave: to a sink's topic or to a repartition topic
 */
export function composeChain(
  subTopology: SubTopology,
  allNodes: readonly GraphNode[],
  context: OperatorContext,
  write: (node: SinkNode | RepartitionNode) => Forward<unknown, unknown>
): Entries {
  const composed = new Map<GraphNode, AnyForward>()
  // a repartition node ends this sub-topology where its parent is here, and starts it where it is itself a member
  const childrenOf = (node: GraphNode) => allNodes.filter((child) => child.parents.includes(node))

  const entry = (node: GraphNode): AnyForward => {
    const known = composed.get(node)
    if (known !== undefined) return known
    const made =
      node.kind === 'processor'
        ? node.compose(downstream(node) as never, context, childrenByName(node))
        : write(node as SinkNode)
    composed.set(node, made)
    return made
  }
  const downstream = (node: GraphNode): AnyForward => {
    const emits = node.kind === 'processor' ? node.emits : 'stream'
    const children = childrenOf(node).map(entry)
    return emits === 'table'
      ? fanOutChanges(children as ForwardChange<unknown, unknown>[])
      : fanOut(children as Forward<unknown, unknown>[])
  }

  const childrenByName = (node: GraphNode): Children =>
    new Map(childrenOf(node).map((child) => [child.name, entry(child) as Forward<unknown, unknown>]))

  const entries = new Map<SourceNode | RepartitionNode, Forward<unknown, unknown>>()
  for (const input of subTopology.inputs) entries.set(input, downstream(input) as Forward<unknown, unknown>)
  return entries
}

function fanOut(children: readonly Forward<unknown, unknown>[]): Forward<unknown, unknown> {
  const [first, second] = children
  if (first === undefined) return () => undefined
  if (second === undefined) return first
  return (value, key, timestamp, headers: Headers) => {
    for (const child of children) child(value, key, timestamp, headers)
  }
}

function fanOutChanges(
  children: readonly ForwardChange<unknown, unknown>[]
): ForwardChange<unknown, unknown> {
  const [first, second] = children
  if (first === undefined) return () => undefined
  if (second === undefined) return first
  return (newValue, oldValue, key, timestamp, headers, latest) => {
    for (const child of children) child(newValue, oldValue, key, timestamp, headers, latest)
  }
}
