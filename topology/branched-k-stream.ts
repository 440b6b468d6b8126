import { StreamsError } from '../core/errors.ts'
import { type BranchTarget, branch } from '../processors/branch.ts'
import { passThrough } from '../processors/pass-through.ts'
import type { BranchedKStream, KStream } from './dsl.ts'
import type { Graph, StreamSerdes } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'

interface NamedBranch<K, V> {
  readonly name: string
  readonly predicate: ((value: V, key: K) => boolean) | undefined
}

/** Collects branches; the steps are declared when the split is finished. */
export class BranchedKStreamImpl<K, V, Branches extends string> implements BranchedKStream<K, V, Branches> {
  readonly #graph: Graph
  readonly #node: GraphNode
  readonly #serdes: StreamSerdes<K, V>
  readonly #rekeyed: boolean
  readonly #branches: readonly NamedBranch<K, V>[]

  constructor(
    graph: Graph,
    node: GraphNode,
    serdes: StreamSerdes<K, V>,
    rekeyed: boolean,
    branches: readonly NamedBranch<K, V>[]
  ) {
    this.#graph = graph
    this.#node = node
    this.#serdes = serdes
    this.#rekeyed = rekeyed
    this.#branches = branches
  }

  branch<Name extends string>(
    predicate: (value: V, key: K) => boolean,
    name: Name
  ): BranchedKStream<K, V, Branches | Name> {
    if (this.#branches.some((known) => known.name === name))
      throw new StreamsError('TOPOLOGY_INVALID', `two branches of a split are named "${name}"`)
    return new BranchedKStreamImpl<K, V, Branches | Name>(
      this.#graph,
      this.#node,
      this.#serdes,
      this.#rekeyed,
      [...this.#branches, { name, predicate }]
    )
  }

  defaultBranch<Name extends string>(name: Name): { readonly [B in Branches | Name]: KStream<K, V> } {
    return this.#finish<Branches | Name>([...this.#branches, { name, predicate: undefined }])
  }

  noDefaultBranch(): { readonly [B in Branches]: KStream<K, V> } {
    return this.#finish<Branches>(this.#branches)
  }

  #finish<Names extends string>(
    branches: readonly NamedBranch<K, V>[]
  ): { readonly [B in Names]: KStream<K, V> } {
    const targets: BranchTarget<K, V>[] = branches.map(({ name, predicate }) => ({ child: name, predicate }))
    const split = this.#graph.processor('split', [this.#node], branch(targets) as unknown as Compose)
    const streams = branches.map(({ name }) => {
      const node = this.#graph.processor('branch', [split], passThrough() as unknown as Compose, { name })
      return [name, this.#graph.stream(node, this.#serdes, this.#rekeyed)] as const
    })
    return Object.fromEntries(streams) as { readonly [B in Names]: KStream<K, V> }
  }
}
