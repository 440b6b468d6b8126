import type { Headers } from '../../core/record.ts'
import type { Children, Forward, ForwardChange } from '../../processors/operator.ts'
import type {
  AnyForward,
  GraphNode,
  ProcessorNode,
  RepartitionNode,
  SinkNode,
  SourceNode
} from '../../topology/graph-node.ts'
import type { SubTopology } from '../../topology/sub-topology.ts'
import type { NodeMeter, TaskMeter } from '../metrics/task-meter.ts'
import type { ErrorHandling } from './error-handling.ts'
import type { TaskContext } from './task-context.ts'

/** Where an input's records enter the chain. */
export interface Entry {
  readonly forward: Forward<unknown, unknown>
  /** Of the steps that have no other input: whoever calls `forward` counts for them, which costs less than a call more. */
  readonly meter: NodeMeter
}

export type Entries = ReadonlyMap<SourceNode | RepartitionNode, Entry>

/**
 * Composes the steps of a sub-topology into closures, leaves first, once: a record then runs through plain calls, with no look-up of
 * what comes next. Where a handler may let processing go on after an error, each step has a guard around it, so that an error is the record's of
 * that step alone: the steps before and beside it go on, as in Kafka Streams' `ProcessorNode`.
 *
 * @param meter counts what reaches each step; undefined: nothing is counted
 * @param write how records leave: to a sink's topic or to a repartition topic; they are counted there
 */
export function composeChain(
  subTopology: SubTopology,
  allNodes: readonly GraphNode[],
  context: TaskContext,
  errors: ErrorHandling,
  write: (
    node: SinkNode | RepartitionNode,
    meter: NodeMeter | undefined
  ) => {
    readonly topic: string
    readonly forward: Forward<unknown, unknown>
  },
  meter?: TaskMeter
): Entries {
  const composed = new Map<GraphNode, AnyForward>()
  // a repartition node ends this sub-topology where its parent is here, and starts it where it is itself a member
  const childrenOf = (node: GraphNode) => allNodes.filter((child) => child.parents.includes(node))

  const entry = (node: GraphNode): AnyForward => {
    const known = composed.get(node)
    if (known !== undefined) return known
    const made = node.kind === 'processor' ? countedStep(node) : end(node as SinkNode | RepartitionNode)
    composed.set(node, made)
    return made
  }
  const isOnlyAfter = (node: GraphNode, input: GraphNode) =>
    node.kind === 'processor' && node.parents.length === 1 && node.parents[0] === input
  const countedStep = (node: ProcessorNode): AnyForward => {
    const made = step(node)
    if (meter === undefined || subTopology.inputs.some((input) => isOnlyAfter(node, input))) return made
    return counted(made, meter.node(node.name), node.parents.some(emitsChanges))
  }
  const step = (node: ProcessorNode): AnyForward => {
    const after = downstream(node) as never
    const children = childrenByName(node)
    context.composing = node.name
    const made = node.compose(after, context, children)
    context.composing = ''
    if (!errors.guardsSteps) return made
    return errors.guardStep(node.name, made, node.parents.some(emitsChanges))
  }
  const end = (node: SinkNode | RepartitionNode): AnyForward => {
    const { topic, forward } = write(node, meter?.node(node.name))
    return errors.guardsSteps ? errors.guardSink(node.name, topic, forward) : forward
  }
  const downstream = (node: GraphNode): AnyForward => {
    const children = childrenOf(node).map(entry)
    return emitsChanges(node)
      ? fanOutChanges(children as ForwardChange<unknown, unknown>[])
      : fanOut(children as Forward<unknown, unknown>[])
  }

  const childrenByName = (node: GraphNode): Children =>
    new Map(childrenOf(node).map((child) => [child.name, entry(child) as Forward<unknown, unknown>]))

  const entries = new Map<SourceNode | RepartitionNode, Entry>()
  for (const input of subTopology.inputs) {
    const first = childrenOf(input).filter((child) => isOnlyAfter(child, input))
    entries.set(input, {
      forward: downstream(input) as Forward<unknown, unknown>,
      meter: meter?.together(first.map(({ name }) => name)) ?? { records: 0 }
    })
  }
  return entries
}

function emitsChanges(node: GraphNode): boolean {
  return node.kind === 'processor' && node.emits === 'table'
}

/** A step with its counter: one addition, and one call more. */
function counted(step: AnyForward, meter: NodeMeter, takesChanges: boolean): AnyForward {
  if (takesChanges) {
    const change = step as ForwardChange<unknown, unknown>
    return (newValue, oldValue, key, timestamp, headers, latest) => {
      meter.records++
      change(newValue, oldValue, key, timestamp, headers, latest)
    }
  }
  const forward = step as Forward<unknown, unknown>
  return (value: unknown, key: unknown, timestamp: number, headers: Headers) => {
    meter.records++
    forward(value, key, timestamp, headers)
  }
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
