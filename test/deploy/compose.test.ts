import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { addressVariables } from '../../deploy/local/addresses.ts'

/*
 * What a text can show of deploy/compose.yaml: that its parts fit each other, and files of the repository. It is not run here.
 */

interface Service {
  readonly image: string
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, unknown>>
  readonly healthcheck?: object
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, null>>
}

const folder = 'deploy'
const text = readFileSync(join(folder, 'compose.yaml'), 'utf8')
/** As Docker would find it, seen from the file. */
const read = (path: string) =>
  parse(readFileSync(join(folder, path), 'utf8'), { uniqueKeys: true, strict: true })

let compose: Compose
beforeAll(() => {
  compose = parse(text, { uniqueKeys: true, strict: true })
})

const mountsOf = (name: string) =>
  (compose.services[name]?.volumes ?? []).map((volume) => {
    const [source = '', target = '', mode] = volume.split(':')
    return { source, target, mode, isFile: /^[./]/.test(source) }
  })
const names = () => Object.keys(compose.services)

it('every mount is a file of the repository, read only, or a volume that is declared', () => {
  const mounts = names().flatMap(mountsOf)
  for (const { source, mode } of mounts.filter(({ isFile }) => isFile)) {
    expect(existsSync(join(folder, source)), source).toBe(true)
    expect(mode, source).toBe('ro')
  }
  const volumes = mounts.filter(({ isFile }) => !isFile).map(({ source }) => source)
  expect(volumes.toSorted()).toEqual(Object.keys(compose.volumes).toSorted())
})

it('every image is of one version, tells its health, and is open on this machine only, each at a port of its own', () => {
  const hostPorts = names().flatMap((name) => {
    const { image, ports = [], healthcheck, depends_on = {} } = compose.services[name] as Service
    expect(image, name).toMatch(/:v?\d+(\.\d+)*$/)
    expect(healthcheck, name).toBeDefined()
    for (const other of Object.keys(depends_on)) expect(names()).toContain(other)
    return ports.map((port) => {
      const [address, host] = port.split(':')
      expect(address, port).toBe('127.0.0.1')
      return host
    })
  })
  expect(new Set(hostPorts).size).toBe(hostPorts.length)
})

it('the variables that its head tells name the ports that it opens', () => {
  const ports = names().flatMap((name) => compose.services[name]?.ports ?? [])
  for (const variable of ['kafka', 'elasticsearch', 'postgres', 's3'] as const) {
    const [, address = ''] =
      new RegExp(`${addressVariables[variable]}=(?:\\w+://)?(?:[\\w:]+@)?([\\d.]+:\\d+)`).exec(text) ?? []
    expect(
      ports.some((port) => port.startsWith(`${address}:`)),
      `${variable}: ${address}`
    ).toBe(true)
  }
})

it('Prometheus finds its rules, and Grafana its Prometheus and its dashboards', () => {
  const prometheus = read('prometheus/prometheus.yml') as {
    readonly rule_files: readonly string[]
    readonly scrape_configs: readonly { readonly authorization?: { readonly credentials: string } }[]
  }
  // the token that the head tells to start with
  const { credentials } = prometheus.scrape_configs[0]?.authorization ?? {}
  expect(text).toContain(`HTTP_TOKEN=${credentials} `)
  const config = mountsOf('prometheus').find(({ source }) => source.endsWith('prometheus.yml'))
  for (const rule of prometheus.rule_files) {
    const mounted = mountsOf('prometheus').map(({ target }) => target)
    expect(mounted).toContain(config?.target.replace('prometheus.yml', rule))
  }
  const { datasources } = read('grafana/provisioning/datasources/prometheus.yml') as {
    readonly datasources: readonly {
      readonly type: string
      readonly url: string
      readonly isDefault: boolean
    }[]
  }
  const { hostname, port } = new URL(datasources[0]?.url ?? '')
  expect(compose.services[hostname]?.ports?.some((one) => one.endsWith(`:${port}`))).toBe(true)
  const { providers } = read('grafana/provisioning/dashboards/store-sku.yml') as {
    readonly providers: readonly { readonly options: { readonly path: string } }[]
  }
  const dashboards = mountsOf('grafana').find(({ target }) => target === providers[0]?.options.path)
  expect(statSync(join(folder, dashboards?.source ?? '', 'overview.json')).isFile()).toBe(true)
  // they take the data source of this type that is the default
  const overview = readFileSync(join(folder, dashboards?.source ?? '', 'overview.json'), 'utf8')
  const { templating } = JSON.parse(overview) as { templating: { list: { type: string; query: string }[] } }
  expect(templating.list.find(({ type }) => type === 'datasource')?.query).toBe(datasources[0]?.type)
  expect(datasources[0]?.isDefault).toBe(true)
})
