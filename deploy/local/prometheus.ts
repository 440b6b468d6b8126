import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { choosePort } from './ports.ts'
import { findPrometheusPrograms } from './prometheus-programs.ts'
import type { LocalService } from './service.ts'

const sources = join(import.meta.dirname, '..', 'prometheus')

/** Prometheus with the alert rules; it asks the application on this machine, on its usual port. */
export const prometheus: LocalService = {
  name: 'prometheus',
  title: 'Prometheus',
  stopSignal: 'SIGTERM',

  async plan({ folder, state, report }) {
    const programs = await findPrometheusPrograms(report)
    const port = await choosePort(state?.port)
    await mkdir(folder, { recursive: true })
    const settings = await readFile(join(sources, 'prometheus.yml'), 'utf8')
    await writeFile(join(folder, 'prometheus.yml'), settings.replace('host.docker.internal', '127.0.0.1'))
    await cp(join(sources, 'alerts.yml'), join(folder, 'alerts.yml'))
    return {
      address: `http://127.0.0.1:${port}`,
      port,
      command: {
        command: programs.prometheus,
        args: [
          '--config.file=prometheus.yml',
          '--storage.tsdb.path=data',
          `--web.listen-address=127.0.0.1:${port}`,
          '--log.level=warn'
        ],
        workingDirectory: folder,
        logFile: join(folder, 'prometheus.log')
      }
    }
  },

  async probe(address) {
    const response = await fetch(`${address}/-/ready`, { signal: AbortSignal.timeout(5_000) })
    if (!response.ok) throw new Error(`Prometheus answers ${response.status}`)
  }
}
