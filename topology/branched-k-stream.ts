import { StreamsError } from '../core/errors.ts'
import { type BranchTarget, branch } from '../processors/branch.ts'
import { passThrough } from '../processors/pass-through.ts'
import type { BranchedKStream, KStream } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose } from './graph-node.ts'
import type { Side } from './options.ts'
import type { StreamParts } from './stream-keys.ts'

interface NamedBranch<K, V> {
  readonly name: string
  readonly predicate: ((value: V, key: K) => boolean) | undefined
}

/** Collects branches; the steps are declared when the split is finished. */
export class BranchedKStreamImpl<K, V, Branches extends string, Unknown extends Side>
  implements BranchedKStream<K, V, Branches, Unknown>
{
  readonly #graph: Graph
  readonly #stream: StreamParts<K, V>
  readonly #branches: readonly NamedBranch<K, V>[]

  constructor(graph: Graph, stream: StreamParts<K, V>, branches: readonly NamedBranch<K, V>[]) {
    this.#graph = graph
    this.#stream = stream
    this.#branches = branches
  }

  branch<Name extends string>(
    predicate: (value: V, key: K) => boolean,
    name: Name
  ): BranchedKStream<K, V, Branches | Name, Unknown> {
    if (this.#branches.some((known) => known.name === name))
      throw new StreamsError('TOPOLOGY_INVALID', `two branches of a split are named "${name}"`)
    return new BranchedKStreamImpl<K, V, Branches | Name, Unknown>(this.#graph, this.#stream, [
      ...this.#branches,
      { name, predicate }
    ])
  }

  defaultBranch<Name extends string>(
    name: Name
  ): { readonly [B in Branches | Name]: KStream<K, V, Unknown> } {
    return this.#finish<Branches | Name>([...this.#branches, { name, predicate: undefined }])
  }

  noDefaultBranch(): { readonly [B in Branches]: KStream<K, V, Unknown> } {
    return this.#finish<Branches>(this.#branches)
  }

  #finish<Names extends string>(
    branches: readonly NamedBranch<K, V>[]
  ): { readonly [B in Names]: KStream<K, V, Unknown> } {
    const graph = this.#graph
    const { node: parent, serdes, rekeyed } = this.#stream
    const targets: BranchTarget<K, V>[] = []
    const split = graph.processor('split', [parent], branch(targets) as unknown as Compose)
    const streams = branches.map(({ name, predicate }) => {
      const node = graph.processor('branch', [split], passThrough() as unknown as Compose, {
        name: graph.freeName(`${split.name}-${name}`)
      })
      targets.push({ child: node.name, predicate })
      return [name, graph.stream<K, V, Unknown>(node, serdes, rekeyed)] as const
    })
    return Object.fromEntries(streams) as { readonly [B in Names]: KStream<K, V, Unknown> }
  }
}
