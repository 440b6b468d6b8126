import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ClusterNode, endLeftover } from './cluster-node.ts'
import { hasCode, LocalServiceError } from './errors.ts'
import { type FeatureLevels, formatData, installKafka, randomId } from './kafka-installation.ts'
import type { ClientProtocol } from './kafka-settings.ts'
import { choosePort } from './ports.ts'

export interface ClusterOptions {
  /** Where the nodes keep their data and logs, each in a folder of its own: `node-1`, `node-2`, ... */
  readonly directory: string
  /** Default 3 */
  readonly brokers?: number
  /** Settings of every node, beyond or instead of the usual ones; TLS and SASL are plain settings, too */
  readonly settings?: Readonly<Record<string, string>>
  /** How clients come in, default PLAINTEXT. The brokers among themselves need neither TLS nor SASL. */
  readonly clientProtocol?: ClientProtocol
  /** Memory of each node, default 384 */
  readonly heapMb?: number
  /** Such as `{ 'transaction.version': 1 }`; the newest level where nothing is said. Counts for new data only. */
  readonly features?: FeatureLevels
  readonly onProgress?: (message: string) => void
}

export interface KafkaCluster {
  /** Addresses of all nodes, comma-separated */
  readonly bootstrap: string
  /** The same without TLS and SASL */
  readonly internalBootstrap: string
  readonly nodes: readonly ClusterNode[]
  /** Nodes bear the numbers 1 to N, as brokers are named in Kafka's metadata. */
  node(id: number): ClusterNode
  /** Ends all nodes; `wipe` also removes their data and logs. */
  stop(options?: { readonly wipe?: boolean }): Promise<void>
}

/** Sessions of a dead broker, and votes, are short, so that tests of failures are. */
const quick: Readonly<Record<string, string>> = {
  'controller.quorum.election.timeout.ms': '500',
  'controller.quorum.election.backoff.max.ms': '500',
  // a transaction that ran out of time is looked for every 10 s by default
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  // a follower that was killed leaves the replicas in sync by its session; a paused one by this
  'replica.lag.time.max.ms': '5000'
}

/**
 * Starts a cluster of KRaft nodes that are broker and controller each, for tests. Three copies of everything, two in sync to
 * write. What the directory holds from an earlier run goes on; processes left over from it are ended first. The nodes outlive this
 * process, so whoever starts them must stop them.
 */
export async function startCluster(options: ClusterOptions): Promise<KafkaCluster> {
  const directory = resolve(options.directory)
  const count = options.brokers ?? 3
  const report = options.onProgress ?? (() => {})
  const began = Date.now()
  const installation = await installKafka(report, options.features)
  const folders = Array.from({ length: count }, (_, index) => join(directory, `node-${index + 1}`))
  const ports: { client: number; internal: number; controller: number }[] = []
  for (const folder of folders) {
    await mkdir(folder, { recursive: true })
    await endLeftover(folder)
    // kept for the whole life of the cluster: each node has to find the others again
    ports.push({
      client: await choosePort(),
      internal: await choosePort(),
      controller: await choosePort()
    })
  }
  const clusterId = await sameClusterId(directory)
  const voters = ports.map(({ controller }, index) => `${index + 1}@127.0.0.1:${controller}`).join(',')
  const nodes = folders.map((folder, index) => {
    const { client, internal, controller } = ports[index]!
    return new ClusterNode({
      folder,
      installation,
      heapMb: options.heapMb ?? 384,
      settings: { ...quick, ...options.settings },
      place: {
        dataFolder: join(folder, 'data'),
        clientPort: client,
        controllerPort: controller,
        member: {
          nodeId: index + 1,
          nodes: count,
          voters,
          clientProtocol: options.clientProtocol ?? 'PLAINTEXT',
          internalPort: internal
        }
      }
    })
  })
  const stop = async ({ wipe = false }: { readonly wipe?: boolean } = {}): Promise<void> => {
    // an orderly end of data that goes away would only take time
    await Promise.all(nodes.map((node) => (wipe ? node.kill() : node.stop())))
    if (!wipe) return
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
    await rm(clusterIdFile(directory), { force: true })
  }
  try {
    for (const [index, folder] of folders.entries())
      await formatData(installation.formatted, join(folder, 'data'), { clusterId, nodeId: index + 1 })
    await Promise.all(nodes.map((node) => node.launch()))
    await Promise.all(nodes.map((node) => node.answering()))
  } catch (error) {
    await stop()
    throw error
  }
  report(`Kafka: ${count} nodes started in ${((Date.now() - began) / 1000).toFixed(1)} s`)
  return {
    bootstrap: nodes.map(({ address }) => address).join(','),
    internalBootstrap: nodes.map(({ internalAddress }) => internalAddress).join(','),
    nodes,
    node(id) {
      const node = nodes[id - 1]
      if (node === undefined) throw new LocalServiceError(`there is no node ${id}; there are 1 to ${count}`)
      return node
    },
    stop
  }
}

function clusterIdFile(directory: string): string {
  return join(directory, 'cluster-id')
}

/** All nodes bear one id, those that are formatted later, too. */
async function sameClusterId(directory: string): Promise<string> {
  try {
    return (await readFile(clusterIdFile(directory), 'utf8')).trim()
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
  const id = randomId()
  await writeFile(clusterIdFile(directory), `${id}\n`)
  return id
}
