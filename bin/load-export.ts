import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { StreamsError, Topology } from '../index.ts'
import type { AnyAnalysis } from '../sinks/retail/own-analysis.ts'

const standardGraph = 'topology/retail/index.ts'
const ownGraph = `../topology/retail/index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`

/** The option that adds analyses to the retail system's own. */
export const analysisOption = {
  analysis: {
    type: 'string',
    multiple: true,
    default: [] as string[],
    value: 'M#E',
    help: 'module and export: an analysis of your own (docs/new-analysis.md); may be repeated'
  }
} as const

/** The options that say which graph a command is about. */
export const graphOption = {
  graph: {
    type: 'string',
    value: 'M#E',
    default: `${standardGraph}#retailTopology`,
    help: 'module and export: a Topology, or a function that returns one'
  },
  ...analysisOption
} as const

interface GraphValues {
  readonly graph: string
  readonly analysis: readonly string[]
}

/** Whether the options name the retail system's own graph, with or without analyses. */
export function isStandardGraph({ graph }: GraphValues): boolean {
  return graph === graphOption.graph.default
}

/** The file of the graph that `--graph` names. Where a project has no retail graph, the default is the one of the installed package. */
export function graphFile(graph: string): string {
  const [file = ''] = graph.split('#')
  return file !== standardGraph || existsSync(file) ? file : fileURLToPath(new URL(ownGraph, import.meta.url))
}

/** The topology that `--graph` names, with the analyses of `--analysis`. Throws CONFIG_INVALID. */
export async function loadTopology(values: GraphValues): Promise<Topology> {
  const { graph, analysis } = values
  if (analysis.length > 0 && !isStandardGraph(values))
    throw new StreamsError('CONFIG_INVALID', `--analysis is for the retail graph: call it in ${graph}`)
  const [file = ''] = graph.split('#')
  const reference = graph.replace(file, () => graphFile(graph))
  const builds = (await loadAnalyses(analysis)).map(({ build }) => build)
  const topology = await loadExport(reference, ...(builds.length === 0 ? [] : [{ analyses: builds }]))
  if (topology instanceof Topology) return topology
  throw new StreamsError('CONFIG_INVALID', `${graph} is no topology`)
}

/** The analyses that `--analysis` names. Throws CONFIG_INVALID. */
export async function loadAnalyses(references: readonly string[]): Promise<readonly AnyAnalysis[]> {
  return Promise.all(
    references.map(async (reference) => {
      const found = await loadExport(reference)
      if (isAnalysis(found)) return found
      throw new StreamsError('CONFIG_INVALID', `${reference} is no analysis: make it with ownAnalysis()`)
    })
  )
}

function isAnalysis(value: unknown): value is AnyAnalysis {
  return (
    typeof value === 'object' && value !== null && 'build' in value && 'topic' in value && 'table' in value
  )
}

/** What a module exports under the name behind `#`; what it returns, if it is a function that needs no parameters. Throws CONFIG_INVALID. */
export async function loadExport(reference: string, ...parameters: readonly unknown[]): Promise<unknown> {
  const [module = '', name = ''] = reference.split('#')
  if (name === '')
    throw new StreamsError('CONFIG_INVALID', `${reference}: write it as MODULE#EXPORT, e.g. ./graph.ts#graph`)
  let exports: Record<string, unknown>
  try {
    exports = (await import(pathToFileURL(module).href)) as Record<string, unknown>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new StreamsError('CONFIG_INVALID', `${module} cannot be loaded: ${(error as Error).message}`)
  }
  const found = exports[name]
  if (found === undefined) throw new StreamsError('CONFIG_INVALID', `${module} exports no "${name}"`)
  return typeof found === 'function' && found.length === 0 ? found(...parameters) : found
}
