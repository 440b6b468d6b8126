import type { MessagePort } from 'node:worker_threads'

/** Byte strings of one message, end to end; a length of -1 stands for null. Two arrays travel faster than one for each string. */
export interface Packed {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly lengths: Int32Array<ArrayBuffer>
}

export type LevelRequest =
  | {
      readonly call: 'open'
      readonly directory: string
      readonly blockCacheBytes: number
      readonly memtableBytes: number
    }
  /** `operations` holds key, value, key, value, ... */
  | { readonly call: 'write'; readonly directory: string; readonly operations: Packed }
  | {
      readonly call: 'scan'
      readonly directory: string
      readonly from: Uint8Array
      readonly to: Uint8Array | undefined
      readonly reverse: boolean
      readonly limit: number
    }
  | {
      readonly call: 'clear'
      readonly directory: string
      readonly from: Uint8Array
      readonly to: Uint8Array
    }
  | { readonly call: 'close'; readonly directory: string }

export interface LevelAnswer {
  readonly rows?: Packed
  readonly error?: { readonly code: string | undefined; readonly message: string }
}

export interface NumberedRequest {
  readonly number: number
  readonly request: LevelRequest
}

export interface NumberedAnswer {
  readonly number: number
  readonly answer: LevelAnswer
}

/** What the worker is started with: the port, and the word that it sets to an answer's number when that is on the port. */
export interface LevelWorkerData {
  readonly port: MessagePort
  readonly answered: Int32Array
}

export function pack(strings: readonly (Uint8Array | null)[]): Packed {
  let total = 0
  for (const string of strings) total += string?.length ?? 0
  const bytes = new Uint8Array(total)
  const lengths = new Int32Array(strings.length)
  let at = 0
  for (let i = 0; i < strings.length; i++) {
    const string = strings[i]
    lengths[i] = string?.length ?? -1
    if (string) bytes.set(string, at)
    at += string?.length ?? 0
  }
  return { bytes, lengths }
}

export function unpack({ bytes, lengths }: Packed): (Buffer | null)[] {
  let at = 0
  return Array.from(lengths, (length) => {
    if (length < 0) return null
    const string = Buffer.from(bytes.buffer, bytes.byteOffset + at, length)
    at += length
    return string
  })
}
