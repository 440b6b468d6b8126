import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { choosePort } from '../../deploy/local/ports.ts'
import { findPrometheusPrograms } from '../../deploy/local/prometheus-programs.ts'

const rules = join(import.meta.dirname, '..', '..', 'deploy/prometheus/alerts.yml')

/** A real Prometheus that asks one process every second. Rejects when it does not come up. */
export async function startPrometheus(
  target: string
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const { prometheus } = await findPrometheusPrograms((message) => console.log(message))
  const folder = await mkdtemp(join(tmpdir(), 'store-sku-prometheus-'))
  const port = await choosePort(undefined)
  await writeFile(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ['${rules}']
scrape_configs: [{ job_name: store-sku, static_configs: [{ targets: ['${target}'] }] }]
`
  )
  const child = spawn(
    prometheus,
    [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn'
    ],
    { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] }
  )
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    child.kill()
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const ready = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false
    )
  for (let waited = 0; !(await ready()); waited += 100) {
    if (child.exitCode !== null || waited > 60_000) {
      await stop()
      throw new Error('Prometheus does not come up')
    }
    await setTimeout(100)
  }
  return { url, stop }
}
