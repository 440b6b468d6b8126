import { mkdir, writeFile } from 'node:fs/promises'
import { type Profiler, Session } from 'node:inspector/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Shown of a profile: modules, and functions below them. */
const mostModules = 25
const mostFunctions = 40
/** Between two samples, µs. */
const sampleEvery = 500

const root = join(import.meta.dirname, '../../..')

/** A CPU profile of this process, from `start` to `stop`. Costs a few per cent. */
export class CpuProfile {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.setSamplingInterval', { interval: sampleEvery })
    await this.#session.post('Profiler.start')
  }

  /** Writes the profile, for the developer tools of Chromium, and returns what took how much of it, as text. */
  async stop(folder: string, name: string): Promise<string> {
    const { profile } = await this.#session.post('Profiler.stop')
    this.#session.disconnect()
    await mkdir(folder, { recursive: true })
    const file = join(folder, `${name}.cpuprofile`)
    await writeFile(file, JSON.stringify(profile))
    return `${file}\n\n${topOf(profile)}`
  }
}

/** The share of each module, and of each function by itself, in what is not idle. */
function topOf(profile: Profiler.Profile): string {
  const byId = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
  const modules = new Map<string, number>()
  const functions = new Map<string, number>()
  let all = 0
  // samples are counted, not the time between them: on a busy machine that is the time of others, too
  for (const id of profile.samples ?? []) {
    const frame = byId.get(id)
    if (frame === undefined || frame.functionName === '(idle)') continue
    const module = moduleOf(frame.url)
    const called = `${frame.functionName || '(anonymous)'} ${module}:${frame.lineNumber + 1}`
    all++
    modules.set(module, (modules.get(module) ?? 0) + 1)
    functions.set(called, (functions.get(called) ?? 0) + 1)
  }
  const lines = (shares: ReadonlyMap<string, number>, most: number): string =>
    [...shares]
      .sort(([, one], [, other]) => other - one)
      .slice(0, most)
      .map(([name, count]) => `${((100 * count) / all).toFixed(1).padStart(5)} %  ${name}`)
      .join('\n')
  return `${all} samples, by module\n${lines(modules, mostModules)}\n\nby function\n${lines(functions, mostFunctions)}\n`
}

/** Within the project its path, else the package's; native code and the collector have none. */
function moduleOf(url: string): string {
  if (url === '') return '(native)'
  if (!url.startsWith('file:')) return url
  const path = relative(root, fileURLToPath(url))
  const inPackage = path.lastIndexOf('node_modules/')
  return inPackage < 0 ? path : path.slice(inPackage + 'node_modules/'.length)
}
