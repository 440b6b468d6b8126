import { apiVersionsV3, createTopicsV7, deleteRecordsV2, deleteTopicsV6 } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { Admin, NewTopic, OffsetSpec, OpenTransaction, TopicDescription } from '../port/admin.ts'
import type { GroupOffset } from '../port/group.ts'
import { alterTopicConfigs, topicConfigs } from './admin-configs.ts'
import { resetGroup } from './admin-groups.ts'
import { fenceTransactionalId, openTransactions } from './admin-transactions.ts'
import { Cluster, type ClusterOptions, lookUp } from './cluster.ts'
import { type ChannelOptions, clientSoftware, defaultChannel } from './connections.ts'
import { Coordinator } from './coordinator.ts'
import { brokerCode, brokerError } from './errors.ts'
import { leaveGroup } from './group-leave.ts'
import { fetchOffsets } from './group-offsets.ts'
import { byLeader, byTopic, topicsOf } from './group-partitions.ts'
import { listOffsets } from './list-offsets.ts'
import { retrying } from './retry.ts'

/** How long a call goes on while brokers are away or not ready. */
const withinMs = 30_000
/** What the controller decides: brokers may wait for half a minute for one that hangs before they turn to its successor. */
const changeWithinMs = 60_000
/** How long a broker may take for the controller or its followers; there must be time to ask another one. */
const brokerMs = 10_000
/** It must then answer yet. */
const admin: ChannelOptions = { ...defaultChannel, requestTimeoutMs: brokerMs + 2_000 }

/** The port's admin. Any broker takes what the controller decides, and passes it on. */
export class ClusterAdmin implements Admin {
  readonly #cluster: Cluster

  constructor(clientId: string, options: ClusterOptions) {
    this.#cluster = new Cluster(clientId, options)
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length === 0) return
    let left = topics
    await this.#retrying(async () => {
      const answer = await this.#cluster.any('admin', admin, (channel) =>
        channel.call(createTopicsV7.api, left.map(toRequest), brokerMs, false)
      )
      const failed = answer.topics.filter(
        ({ errorCode }) => errorCode !== 0 && errorCode !== brokerCode.topicAlreadyExists
      )
      left = left.filter(({ name }) => failed.some((topic) => topic.name === name))
      const first = failed[0]
      if (first !== undefined)
        throw brokerError(`creating topic '${first.name}'`, first.errorCode, first.errorMessage)
    }, changeWithinMs)
    await this.#retrying(() => this.#allHaveLeaders(topics.map(({ name }) => name)))
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    await this.#refresh(names)
    const found = new Map<string, TopicDescription>()
    for (const name of names) {
      const topic = this.#cluster.topic(name)
      if (topic !== undefined) found.set(name, { name, id: topic.id, partitions: topic.partitions.length })
    }
    return found
  }

  async topicConfigs(
    names: readonly string[]
  ): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    if (names.length === 0) return new Map()
    return await this.#retrying(() => topicConfigs(this.#cluster, names))
  }

  async alterTopicConfigs(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#retrying(() => alterTopicConfigs(this.#cluster, name, configs, admin), changeWithinMs)
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    await this.#retrying(async () => {
      const answer = await this.#cluster.any('admin', admin, (channel) =>
        channel.call(
          deleteTopicsV6.api,
          names.map((name) => ({ name })),
          brokerMs
        )
      )
      for (const { name, errorCode, errorMessage } of answer.responses)
        if (errorCode !== 0 && errorCode !== brokerCode.unknownTopicOrPartition)
          throw brokerError(`deleting topic '${name}'`, errorCode, errorMessage)
    }, changeWithinMs)
    await this.#retrying(async () => {
      await this.#cluster.refresh(names)
      const there = names.filter((name) => this.#cluster.topic(name) !== undefined)
      if (there.length > 0)
        throw new StreamsError('BROKER_UNAVAILABLE', `topics are still being deleted: ${there.join(', ')}`)
    })
  }

  async listOffsets(
    partitions: readonly TopicPartition[],
    at: OffsetSpec
  ): Promise<ReadonlyMap<string, number>> {
    return await this.#withLeaders(partitions, () =>
      listOffsets(this.#cluster, partitions, { at, readCommitted: false })
    )
  }

  async deleteRecords(
    before: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]
  ): Promise<void> {
    await this.#withLeaders(before, async () => {
      await Promise.all(
        [...byLeader(this.#cluster, before)].map(([leader, led]) => this.#deleteAt(leader, led))
      )
    })
  }

  async groupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[]
  ): Promise<ReadonlyMap<string, number>> {
    const coordinator = new Coordinator(this.#cluster, groupId)
    const offsets = await this.#retrying(() => fetchOffsets(coordinator, groupId, partitions, false))
    return new Map(offsets.map(({ topic, partition, offset }) => [partitionName(topic, partition), offset]))
  }

  async resetGroup(groupId: string, offsets: readonly GroupOffset[]): Promise<void> {
    const coordinator = new Coordinator(this.#cluster, groupId)
    await this.#retrying(() => resetGroup(coordinator, groupId, offsets))
  }

  async removeMember(groupId: string, instanceId: string): Promise<void> {
    await leaveGroup(new Coordinator(this.#cluster, groupId), groupId, instanceId, this.#cluster.signal)
  }

  async finalizedFeatures(): Promise<ReadonlyMap<string, number>> {
    const answer = await this.#retrying(() =>
      this.#cluster.any('admin', lookUp, (channel) => channel.call(apiVersionsV3.api, ...clientSoftware))
    )
    return new Map(
      (answer.finalizedFeatures ?? []).map(({ name, maxVersionLevel }) => [name, maxVersionLevel])
    )
  }

  async openTransactions(transactionalIdPrefix: string): Promise<readonly OpenTransaction[]> {
    return await this.#retrying(() => openTransactions(this.#cluster, transactionalIdPrefix))
  }

  async fenceTransactionalId(transactionalId: string): Promise<void> {
    const coordinator = new Coordinator(this.#cluster, transactionalId, 'transaction')
    await this.#retrying(() => fenceTransactionalId(coordinator, transactionalId))
  }

  async close(): Promise<void> {
    await this.#cluster.close()
  }

  async #deleteAt(
    leader: number,
    before: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]
  ): Promise<void> {
    const offsets = new Map(before.map((one) => [partitionName(one.topic, one.partition), one.offset]))
    const topics = byTopic(before).map(([name, partitions]) => ({
      name,
      partitions: partitions.map((partitionIndex) => ({
        partitionIndex,
        offset: BigInt(offsets.get(partitionName(name, partitionIndex))!)
      }))
    }))
    const answer = await this.#cluster
      .channel('admin', leader, admin)
      .call(deleteRecordsV2.api, topics, brokerMs)
    for (const topic of answer.topics)
      for (const { partitionIndex, errorCode } of topic.partitions) {
        const name = partitionName(topic.name, partitionIndex)
        const what = `deleting records of ${name} before offset ${offsets.get(name)} at broker ${leader}`
        if (errorCode === brokerCode.offsetOutOfRange)
          throw new StreamsError('OFFSET_OUT_OF_RANGE', `${what}: the log does not reach that far`)
        if (errorCode !== 0) throw brokerError(what, errorCode)
      }
  }

  async #allHaveLeaders(names: readonly string[]): Promise<void> {
    await this.#cluster.refresh(names)
    for (const name of names) {
      const topic = this.#cluster.topic(name)
      if (topic === undefined || topic.partitions.some(({ leader }) => leader < 0))
        throw new StreamsError('BROKER_UNAVAILABLE', `topic '${name}' is not ready yet`)
    }
  }

  /** With fresh metadata at each attempt: leaders move. */
  async #withLeaders<T>(partitions: readonly TopicPartition[], attempt: () => Promise<T>): Promise<T> {
    return await this.#retrying(async () => {
      await this.#cluster.refresh(topicsOf(partitions))
      return await attempt()
    })
  }

  #refresh(names: readonly string[]): Promise<void> {
    return this.#retrying(() => this.#cluster.refresh(names))
  }

  #retrying<T>(attempt: () => Promise<T>, ms = withinMs): Promise<T> {
    return retrying(ms, this.#cluster.signal, attempt, () => this.#cluster.metrics.retry?.('admin'))
  }
}

function toRequest(topic: NewTopic): createTopicsV7.CreateTopicsRequestTopic {
  return {
    name: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: topic.replicas ?? -1,
    assignments: [],
    configs: Object.entries(topic.configs).map(([name, value]) => ({ name, value }))
  }
}
