import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { writeUnsignedVarint } from '../../../kafka/platformatic/wire.ts'

/** A fetch as the fake broker understands it. */
export interface FakeFetch {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly maxBytes: number
  /** Offsets of the partitions that the request names, in its order. */
  readonly offsets: readonly {
    readonly partition: number
    readonly offset: number
    readonly lastEpoch: number
  }[]
  readonly forgotten: readonly number[]
  readonly rack: string
}

/** What to say of one partition. */
export interface FakePartition {
  readonly partition: number
  readonly errorCode?: number
  readonly highWatermark?: number
  readonly preferredReplica?: number
  readonly records?: Buffer
  readonly diverging?: { readonly epoch: number; readonly endOffset: number }
}

export interface FakeAnswer {
  readonly errorCode?: number
  readonly sessionId?: number
  readonly partitions: readonly FakePartition[]
}

/** Bytes are sent as they are; null: no answer at all. */
export type AnswerFetch = (fetch: FakeFetch, node: number) => FakeAnswer | Buffer | null

export const fakeTopic = 'fake'
const topicId = Buffer.from('0123456789abcdef0123456789abcdef', 'hex')

/**
 * A cluster of listeners that know one topic, led by node 1, and answer fetches as a test wants. Only what the consumer asks is understood:
 * ApiVersions 3, Metadata 12, Fetch 17.
 */
export class FakeCluster {
  readonly fetches: (FakeFetch & { readonly node: number })[] = []
  /** Connections that fetched something. */
  fetchConnections = 0
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  readonly #partitions: number
  readonly #answer: AnswerFetch

  constructor(partitions: number, answer: AnswerFetch) {
    this.#partitions = partitions
    this.#answer = answer
  }

  async start(nodes = 1): Promise<this> {
    for (let node = 1; node <= nodes; node++) {
      const server = createServer((socket) => this.#serve(socket, node))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      this.#servers.push(server)
    }
    return this
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.#port(0)}`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    for (const server of this.#servers) {
      server.close()
      await once(server, 'close')
    }
  }

  #port(index: number): number {
    return (this.#servers[index]!.address() as AddressInfo).port
  }

  #serve(socket: Socket, node: number): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    let bytes: Buffer = Buffer.alloc(0)
    let fetched = false
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const end = 4 + bytes.readInt32BE(0)
        const request = bytes.subarray(4, end)
        bytes = bytes.subarray(end)
        if (request.readInt16BE(0) === 1 && !fetched) {
          fetched = true
          this.fetchConnections++
        }
        const answer = this.#reply(request, node)
        // a broker holds an answer without news for a while
        if (answer !== null) setTimeout(() => socket.write(answer), 5)
      }
    })
  }

  /** int16 key | int16 version | int32 correlation id | string client id | tags */
  #reply(request: Buffer, node: number): Buffer | null {
    const key = request.readInt16BE(0)
    const id = request.subarray(4, 8)
    if (key === 18) return framed(id, versions())
    if (key === 3) return framed(id, tags, this.#metadata())
    if (key !== 1) return null
    const fetch = readFetch(request, 10 + request.readInt16BE(8) + 1)
    this.fetches.push({ ...fetch, node })
    const answer = this.#answer(fetch, node)
    if (answer === null || Buffer.isBuffer(answer)) return answer
    return framed(id, tags, fetchAnswer(answer))
  }

  #metadata(): Buffer {
    const brokers = this.#servers.map((_, index) =>
      Buffer.concat([int32(index + 1), text('127.0.0.1'), int32(this.#port(index)), text(null), tags])
    )
    const partitions = Array.from({ length: this.#partitions }, (_, partition) =>
      Buffer.concat([
        ...[int16(0), int32(partition), int32(1), int32(0)],
        ...[list([int32(1)]), list([int32(1)]), list([]), tags]
      ])
    )
    const topic = [int16(0), text(fakeTopic), topicId, Buffer.from([0]), list(partitions), int32(-1), tags]
    return Buffer.concat([
      int32(0),
      list(brokers),
      text('fake'),
      int32(1),
      list([Buffer.concat(topic)]),
      tags
    ])
  }
}

function versions(): Buffer {
  const known = [
    [1, 17],
    [3, 12],
    [18, 3]
  ].map(([key, most]) => Buffer.concat([int16(key!), int16(0), int16(most!), tags]))
  return Buffer.concat([int16(0), list(known), int32(0), tags])
}

function fetchAnswer({ errorCode = 0, sessionId = 0, partitions }: FakeAnswer): Buffer {
  const parts = partitions.map((one) => {
    const { records = Buffer.alloc(0), diverging } = one
    const end = int64(one.highWatermark ?? 0)
    const tagged =
      diverging === undefined
        ? tags
        : Buffer.concat([Buffer.from([1, 0, 13]), int32(diverging.epoch), int64(diverging.endOffset), tags])
    return Buffer.concat([
      ...[int32(one.partition), int16(one.errorCode ?? 0), end, end, int64(0)],
      ...[list([]), int32(one.preferredReplica ?? -1), varint(records.length + 1), records, tagged]
    ])
  })
  const topics = parts.length === 0 ? [] : [Buffer.concat([topicId, list(parts), tags])]
  return Buffer.concat([int32(0), int16(errorCode), int32(sessionId), list(topics), tags])
}

function readFetch(bytes: Buffer, start: number): FakeFetch {
  let at = start + 8
  const maxBytes = bytes.readInt32BE(at)
  const sessionId = bytes.readInt32BE(at + 5)
  const sessionEpoch = bytes.readInt32BE(at + 9)
  at += 13
  const offsets: { partition: number; offset: number; lastEpoch: number }[] = []
  const forgotten: number[] = []
  // all lengths are below 128 in these tests
  for (let topics = bytes[at++]! - 1; topics > 0; topics--) {
    at += 16
    for (let left = bytes[at++]! - 1; left > 0; left--, at += 33)
      offsets.push({
        partition: bytes.readInt32BE(at),
        offset: Number(bytes.readBigInt64BE(at + 8)),
        lastEpoch: bytes.readInt32BE(at + 16)
      })
    at++
  }
  for (let topics = bytes[at++]! - 1; topics > 0; topics--) {
    at += 16
    for (let left = bytes[at++]! - 1; left > 0; left--, at += 4) forgotten.push(bytes.readInt32BE(at))
    at++
  }
  const rack = bytes.toString('utf8', at + 1, at + bytes[at]!)
  return { sessionId, sessionEpoch, maxBytes, offsets, forgotten, rack }
}

const tags = Buffer.from([0])

function framed(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([int32(body.length), body])
}

function list(items: readonly Buffer[]): Buffer {
  return Buffer.concat([varint(items.length + 1), ...items])
}

function text(value: string | null): Buffer {
  return value === null ? varint(0) : Buffer.concat([varint(value.length + 1), Buffer.from(value)])
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(5)
  return bytes.subarray(0, writeUnsignedVarint(bytes, 0, value))
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
