import type { Client, ClientOptions, estypes } from '@elastic/elasticsearch'
import { StreamsError } from '../../core/errors.ts'
import { elasticsearch } from './client-library.ts'
import { createIndex, unless } from './create-index.ts'

/*
 * For `index: 'skus'`, version 2:
 *
 *     skus-2       all documents, or with parts
 *     skus-de-2    those of part `de`
 *     skus-de      alias: documents of that part, of the version in use
 *     skus         alias: all documents of the version in use
 *
 * The first version has its aliases from the start. A later one is filled beside the one in use and gets them by `swapAliases`.
 */

export interface IndexTemplate {
  readonly settings: estypes.IndicesIndexSettings
  readonly mappings: estypes.MappingTypeMapping
}

const partName = /^[a-z0-9_][a-z0-9_.]*$/

/** The indices of one version. */
export class Indices {
  readonly #client: Client
  readonly #alias: string
  readonly #version: number
  readonly #template: IndexTemplate
  #templateReady: Promise<unknown> | undefined
  readonly #ready = new Map<string, Promise<void>>()

  constructor(client: Client, alias: string, version: number, template: IndexTemplate) {
    this.#client = client
    this.#alias = alias
    this.#version = version
    this.#template = template
  }

  /** The index of a part, or of all. Throws for a part that cannot be in the name of an index. */
  nameOf(part: string | undefined): string {
    if (part === undefined) return `${this.#alias}-${this.#version}`
    if (!partName.test(part)) throw new TypeError(`'${part}' cannot be part of the name of an index`)
    return `${this.#alias}-${part}-${this.#version}`
  }

  /** Sees to it that the index is there as declared. */
  async prepare(index: string): Promise<void> {
    let ready = this.#ready.get(index)
    if (ready === undefined) {
      ready = this.#make(index)
      this.#ready.set(index, ready)
    }
    try {
      await ready
    } catch (error) {
      this.#ready.delete(index)
      throw error
    }
  }

  /** Looks again at the next `prepare`: an index may have been removed. */
  forget(): void {
    this.#templateReady = undefined
    this.#ready.clear()
  }

  async #make(index: string): Promise<void> {
    this.#templateReady ??= this.#putTemplate()
    await this.#templateReady.catch((error: unknown) => {
      this.#templateReady = undefined
      throw error
    })
    const aliases = (await this.#isInUse()) ? [this.#alias, aliasOf(index)] : []
    const made = await createIndex(this.#client, index, {
      aliases: Object.fromEntries(aliases.map((alias) => [alias, {}]))
    })
    // an index of an earlier start learns the fields declared since; a change of type is refused, and says so
    if (!made) await this.#client.indices.putMapping({ index, ...this.#template.mappings })
  }

  /** An index that another one makes on the way would have neither mappings nor aliases, so none is. */
  #putTemplate(): Promise<unknown> {
    return this.#client.indices.putIndexTemplate({
      name: `${this.#alias}-${this.#version}`,
      index_patterns: [`${this.#alias}-${this.#version}`, `${this.#alias}-*-${this.#version}`],
      allow_auto_create: false,
      // patterns of `skus` and of `skus-archive` overlap, which is refused at one priority: the longer name has its indices
      priority: 500 + this.#alias.length,
      template: this.#template
    })
  }

  /** True unless another version has the aliases. */
  async #isInUse(): Promise<boolean> {
    const holders = await holdersOf(this.#client, this.#alias)
    return holders.every((index) => versionOf(this.#alias, index) === this.#version)
  }
}

export interface SwapAliasesOptions {
  /** A URL, or the client's settings. */
  readonly connection: string | ClientOptions
  readonly index: string
  readonly indexVersion: number
}

/**
 * Gives the aliases to that version, all at once: who searches finds all of the former version or all of this one. To be called
 * when a sink of this version, with a group of its own, has carried all there is. Throws CONFIG_INVALID if there is nothing of it.
 *
 * @returns the indices of other versions, which nothing needs any more
 */
export async function swapAliases(options: SwapAliasesOptions): Promise<readonly string[]> {
  const { connection, index: alias, indexVersion } = options
  const { Client } = elasticsearch()
  const client = new Client(typeof connection === 'string' ? { node: connection } : connection)
  try {
    const all = await client.indices.get({ index: `${alias}-*`, filter_path: '*.aliases' })
    const own = Object.keys(all).filter((index) => versionOf(alias, index) !== undefined)
    const next = own.filter((index) => versionOf(alias, index) === indexVersion)
    if (next.length === 0)
      throw new StreamsError('CONFIG_INVALID', `there is no index of version ${indexVersion} of ${alias}`)
    const former = own.filter((index) => !next.includes(index))
    await client.indices.updateAliases({
      actions: [
        ...former.flatMap((index) =>
          Object.keys(all[index]?.aliases ?? {}).map((held) => ({ remove: { index, alias: held } }))
        ),
        ...next.flatMap((index) =>
          [...new Set([alias, aliasOf(index)])].map((held) => ({ add: { index, alias: held } }))
        )
      ]
    })
    return former
  } finally {
    await client.close()
  }
}

async function holdersOf(client: Client, alias: string): Promise<string[]> {
  return Object.keys((await unless(404, client.indices.getAlias({ name: alias }))) ?? {})
}

/** Undefined if the index is none of that alias. */
function versionOf(alias: string, index: string): number | undefined {
  const version = index.slice(index.lastIndexOf('-') + 1)
  const inner = aliasOf(index).slice(alias.length)
  const mine =
    index.startsWith(alias) && (inner === '' || (inner[0] === '-' && partName.test(inner.slice(1))))
  return mine && /^\d+$/.test(version) ? Number(version) : undefined
}

function aliasOf(index: string): string {
  return index.slice(0, index.lastIndexOf('-'))
}
