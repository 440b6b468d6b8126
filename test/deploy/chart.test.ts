import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments, parseDocument } from 'yaml'
import { chart, type Rendered, refusals, renderChart } from './helm/chart.ts'

interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Metadata
  readonly spec: Record<string, unknown>
}

interface Metadata {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

interface Pod {
  readonly metadata: Metadata
  readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] }
}

/** Resources of other people's, whose models Kubernetes does not bring. */
const foreignKinds: ReadonlySet<string> = new Set(['PrometheusRule', 'ServiceMonitor', 'ScaledObject'])

let folder: string
let lint: string
const byName = new Map<string, Rendered>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chart-'))
  const own = {
    'unknown.yaml': 'roles:\n  graph:\n    replica: 3\n',
    'msk.yaml': 'kafka:\n  securityProtocol: SSL\n  saslMechanism: AWS_MSK_IAM\n',
    'autoscaling.yaml': 'roles:\n  graph:\n    autoscaling: { enabled: true }\n',
    'stopped.yaml':
      'ingest: { buckets: [sku-gb] }\nprometheus: { address: http://prometheus:9090 }\nroles:\n  graph:\n    replicas: 0\n    autoscaling: { enabled: true }\n',
    'unbounded.yaml':
      'roles:\n  big: { role: graph, replicas: 3, standbys: 0, storage: 10Gi, autoscaling: { enabled: true } }\n'
  }
  for (const [name, text] of Object.entries(own)) await writeFile(join(folder, name), text)
  const examples = join(chart, 'examples')
  const files = [
    ...(await readdir(examples)).map((name) => join(examples, name)),
    ...Object.keys(own).map((name) => join(folder, name))
  ]
  const result = await renderChart(files)
  lint = result.lint
  for (const [i, file] of files.entries())
    byName.set(file.slice(file.lastIndexOf('/') + 1), result.rendered[i] as Rendered)
  // the jars may have to come first
}, 600_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

function resourcesOf(name: string): Resource[] {
  const { manifests = '', error } = byName.get(name) ?? {}
  expect(error).toBeUndefined()
  const documents = parseAllDocuments(manifests, { uniqueKeys: true, strict: true })
  if ('empty' in documents) return []
  for (const { errors } of documents) expect(errors).toEqual([])
  return documents.map((document) => document.toJS() as Resource | null).filter((one) => one !== null)
}

test('helm lint, strictly, has nothing to say', () => {
  expect(lint).toBe('')
})

test('all examples are what Kubernetes takes; a name that it does not know is noticed', async () => {
  const all = ['minimal.yaml', 'production.yaml', 'aws.yaml'].map(resourcesOf)
  const sets = all.map((resources) => resources.filter(({ kind }) => kind === 'StatefulSet'))
  expect(sets.map(({ length }) => length)).toEqual([1, 2, 2])
  const [set] = sets.flat() as [Resource]
  const wrong = { ...set, spec: { ...set.spec, replica: 1 } }
  const known = all.flat().filter(({ kind }) => !foreignKinds.has(kind))
  const refused = await refusals([...known, wrong])
  expect(refused).toHaveLength(1)
  expect(refused[0]).toContain('replica')
})

test('values that are wrong are refused, with what is wrong', () => {
  expect(byName.get('unknown.yaml')?.error).toContain("'replica' not allowed")
  expect(byName.get('msk.yaml')?.error).toContain('/kafka/securityProtocol')
  expect(byName.get('autoscaling.yaml')?.error).toContain('autoscaling needs prometheus.address')
  expect(byName.get('unbounded.yaml')?.error).toContain('maxReplicas')
})

test('the production example has all that is watched and guarded', () => {
  const kinds = new Set(resourcesOf('production.yaml').map(({ kind }) => kind))
  expect([...kinds].sort()).toEqual([
    'ConfigMap',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'PrometheusRule',
    'ScaledObject',
    'Service',
    'ServiceAccount',
    'ServiceMonitor',
    'StatefulSet'
  ])
})

test('a role that is told to be none is not scaled up again, and none is given up soon', () => {
  const scaled = (name: string) => resourcesOf(name).find(({ kind }) => kind === 'ScaledObject') as Resource
  expect(scaled('stopped.yaml').metadata.annotations).toEqual({ 'autoscaling.keda.sh/paused-replicas': '0' })
  const running = scaled('production.yaml')
  expect(running.metadata.annotations).toBeUndefined()
  expect(running.spec).toMatchObject({
    advanced: {
      horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 600 } } }
    }
  })
})

test('its pods reach others in the cluster, which some networks know by no address', () => {
  const policy = resourcesOf('production.yaml').find(({ kind }) => kind === 'NetworkPolicy') as Resource
  const { egress } = policy.spec as { egress: readonly { readonly to?: readonly object[] }[] }
  expect(egress.flatMap(({ to = [] }) => to)).toContainEqual({ podSelector: {} })
})

test('its alerts are ours, and know the pods by the job that Prometheus gives them', async () => {
  const resources = resourcesOf('production.yaml')
  const rule = resources.find(({ kind }) => kind === 'PrometheusRule') as Resource
  const alerts = await readFile(join(chart, '../../prometheus/alerts.yml'), 'utf8')
  expect(rule.spec).toEqual(parseDocument(alerts).toJS())
  const monitor = resources.find(({ kind }) => kind === 'ServiceMonitor') as Resource
  const { jobLabel, selector } = monitor.spec as { jobLabel: string; selector: { matchLabels: object } }
  const watched = resources.filter(
    ({ kind, metadata }) =>
      kind === 'Service' &&
      Object.entries(selector.matchLabels).every(([name, value]) => metadata.labels[name] === value)
  )
  expect(watched.map(({ metadata }) => metadata.labels[jobLabel])).toEqual(['store-sku'])
  expect(alerts).toContain('up{job="store-sku"}')
})

test('files can be sent to the pods that ingest, and to no others', () => {
  const resources = resourcesOf('production.yaml')
  const service = resources.find(
    ({ kind, metadata }) => kind === 'Service' && metadata.name.endsWith('-ingest')
  ) as Resource
  const { selector, ports } = service.spec as { selector: object; ports: { port: number }[] }
  expect(ports[0]?.port).toBe(9465)
  const pods = resources
    .filter(({ kind }) => kind === 'StatefulSet')
    .map(({ spec }) => (spec as { template: Pod }).template)
  const chosen = pods.filter(({ metadata: { labels } }) =>
    Object.entries(selector).every(([name, value]) => labels[name] === value)
  )
  const args = (pod: Pod) => pod.spec.containers[0]?.args
  expect(chosen.map(args)).toEqual([
    expect.arrayContaining(['--role=ingest,sinks', '--listen=0.0.0.0:9465', '--validation-from=2026-04-01'])
  ])
  expect(pods.filter((pod) => args(pod)?.some((one) => one.startsWith('--listen')))).toEqual(chosen)
})
