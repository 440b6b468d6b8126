import { parentPort, workerData } from 'node:worker_threads'
import { ClassicLevel } from 'classic-level'
import {
  type LevelAnswer,
  type LevelRequest,
  type LevelWorkerData,
  type NumberedAnswer,
  type NumberedRequest,
  pack,
  unpack
} from './level-protocol.ts'

/*
 * Runs in a worker thread: does what classic-level offers with promises only, for a thread that waits (see level-thread.ts).
 */

type Database = ClassicLevel<Uint8Array, Uint8Array>

const { port, answered } = workerData as LevelWorkerData
const databases = new Map<string, Database>()

function databaseOf(directory: string): Database {
  const database = databases.get(directory)
  if (database === undefined) throw new Error(`${directory} is not open`)
  return database
}

async function answer(request: LevelRequest): Promise<LevelAnswer> {
  switch (request.call) {
    case 'open': {
      const database: Database = new ClassicLevel(request.directory, {
        keyEncoding: 'buffer',
        valueEncoding: 'buffer'
      })
      await database.open({
        multithreading: true,
        cacheSize: request.blockCacheBytes,
        writeBufferSize: request.memtableBytes
      })
      databases.set(request.directory, database)
      return {}
    }
    case 'write': {
      const strings = unpack(request.operations)
      const operations: ({ type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer })[] = []
      for (let i = 0; i < strings.length; i += 2) {
        const key = strings[i] as Buffer
        const value = strings[i + 1] as Buffer | null
        operations.push(value === null ? { type: 'del', key } : { type: 'put', key, value })
      }
      await databaseOf(request.directory).batch(operations)
      return {}
    }
    case 'scan': {
      const { from: gte, to: lt, reverse, limit } = request
      const range = lt === undefined ? { gte, reverse, limit } : { gte, lt, reverse, limit }
      const entries = await databaseOf(request.directory).iterator(range).all()
      return { rows: pack(entries.flat()) }
    }
    case 'clear':
      await databaseOf(request.directory).clear({ gte: request.from, lt: request.to })
      return {}
    case 'close': {
      const database = databases.get(request.directory)
      databases.delete(request.directory)
      await database?.close()
      return {}
    }
  }
}

/** After the one before: a call that had given up waiting is overtaken neither by later calls nor by their answers. */
let last: Promise<void> = Promise.resolve()
port.on('message', (numbered: NumberedRequest) => {
  last = last.then(() => serve(numbered))
})

// until here: what fails before is the start's failure
parentPort?.postMessage('ready')

async function serve({ number, request }: NumberedRequest): Promise<void> {
  let reply: LevelAnswer
  try {
    reply = await answer(request)
  } catch (error) {
    let inner = error as { code?: string; message?: string; cause?: unknown }
    while (inner.cause !== undefined) inner = inner.cause as typeof inner
    reply = { error: { code: inner.code, message: inner.message ?? String(inner) } }
  }
  const numbered: NumberedAnswer = { number, answer: reply }
  // the answer first: whoever sees the word set finds it on the port
  port.postMessage(numbered, reply.rows === undefined ? [] : [reply.rows.bytes.buffer])
  Atomics.store(answered, 0, number)
  Atomics.notify(answered, 0)
}
