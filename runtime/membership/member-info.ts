import { z } from 'zod'
import type { TaskShare } from './assignment.ts'
import type { ClientMetadata } from './client-metadata.ts'

/*
 * What members tell each other beside their topics and partitions, as JSON in the user data of the group protocol. A reader passes over
 * fields that it does not know; what changes the meaning of the others has another `version`, and the group speaks the lowest one.
 */

export const protocolVersion = 1

const MemberInfo = z.object({
  version: z.int(),
  /** Members of one process share a state directory. */
  processId: z.string(),
  /** Members with another graph cannot share its tasks. */
  topology: z.string(),
  /** Counts the member's joins: a broker begins no round for a member that comes with nothing new. */
  round: z.int(),
  active: z.array(z.string()),
  standby: z.array(z.string()),
  /** Changelog records missing on the process's disk, by task. */
  lags: z.record(z.string(), z.number()),
  tags: z.record(z.string(), z.string()),
  /** The whole application is to stop (KIP-671). */
  shutdown: z.boolean().optional(),
  /** `host:port` for queries; empty: none. */
  endpoint: z.string().default('')
})
/** What a member tells the leader. */
export type MemberInfo = z.infer<typeof MemberInfo>

const ShareInfo = z.object({
  version: z.int(),
  /** The leader's graph. */
  topology: z.string(),
  /** How many tasks the leader knew of in all. */
  tasks: z.int(),
  active: z.array(z.string()),
  standby: z.array(z.string()),
  warmup: z.array(z.string()),
  /** Tasks wait for a warm-up: join again after the probing interval. */
  probing: z.boolean(),
  /** Members that answer queries, and what they have. */
  clients: z
    .array(z.object({ endpoint: z.string(), active: z.array(z.string()), standby: z.array(z.string()) }))
    .default([]),
  /** Why it is given nothing. */
  problem: z.enum(['another graph']).nullable(),
  /** A member asked the whole application to stop. */
  shutdown: z.boolean().optional(),
  /** Tasks wait for their owners to give them up: who finds that nobody has joined for it does so. Leaders of former versions do not say so. */
  withheld: z.boolean().optional()
})
/** What the leader tells a member. */
export type ShareInfo = Omit<z.infer<typeof ShareInfo>, keyof TaskShare | 'clients'> &
  TaskShare & { readonly clients: readonly ClientMetadata[] }

export function encodeMemberInfo(info: MemberInfo): Buffer {
  return Buffer.from(JSON.stringify(info))
}

/** Undefined for what is no such information: a member of another kind. */
export function decodeMemberInfo(bytes: Buffer | null): MemberInfo | undefined {
  return MemberInfo.safeParse(parsed(bytes)).data
}

export function encodeShareInfo(info: ShareInfo): Buffer {
  return Buffer.from(JSON.stringify(info))
}

/** Undefined for what no leader of ours has written, such as the first assignment of a group. */
export function decodeShareInfo(bytes: Buffer | null): ShareInfo | undefined {
  return ShareInfo.safeParse(parsed(bytes)).data
}

function parsed(bytes: Buffer | null): unknown {
  try {
    return bytes === null ? undefined : JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
