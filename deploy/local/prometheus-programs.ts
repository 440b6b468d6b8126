import { readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { cached, exists } from './cache.ts'
import { runCommand } from './command.ts'
import { LocalServiceError } from './errors.ts'

const advice =
  'There is no Prometheus: install it (Debian and Ubuntu: the package prometheus, macOS: brew install prometheus, else from ' +
  'prometheus.io), so that the programs prometheus and promtool are found in the PATH.'

export interface PrometheusPrograms {
  readonly prometheus: string
  readonly promtool: string
}

/** Those of the machine; where it has none, and has Debian's packages, those of the package, unpacked but not installed (80 MB, once). */
export async function findPrometheusPrograms(report: (message: string) => void): Promise<PrometheusPrograms> {
  const [prometheus, promtool] = await Promise.all([installed('prometheus'), installed('promtool')])
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool }
  if ((await installed('apt-get')) === undefined) throw new LocalServiceError(advice)
  const home = await fetchPackage(report)
  return {
    prometheus: join(home, 'usr', 'bin', 'prometheus'),
    promtool: join(home, 'usr', 'bin', 'promtool')
  }
}

async function installed(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter))
    if (folder !== '' && (await exists(join(folder, name)))) return join(folder, name)
  return undefined
}

function fetchPackage(report: (message: string) => void): Promise<string> {
  return cached({
    name: 'prometheus-debian',
    report,
    build: async (home) => {
      report("fetching Debian's package of Prometheus; this happens once")
      const options = {
        workingDirectory: home,
        onMissing: advice,
        onFailure: `The package was not to be had. ${advice}`
      }
      const download = () => runCommand('apt-get', ['download', 'prometheus'], options)
      // a new machine has no lists of packages yet
      await download().catch(async () => {
        await runCommand('apt-get', ['update'], options)
        await download()
      })
      const [file] = (await readdir(home)).filter((name) => name.endsWith('.deb'))
      await runCommand('dpkg-deb', ['-x', file ?? '', '.'], options)
    }
  })
}
