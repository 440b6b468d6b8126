import { StreamsError } from '../../core/errors.ts'
import type { TopicPartition } from '../../core/record.ts'
import type { GroupAssignor, Share, Subscriber } from '../port/group-assignor.ts'

/** A member that takes part, as it joins. */
export interface Joiner {
  readonly instanceId: string
  readonly memberId: string
  readonly topics: readonly string[]
  readonly userData: Buffer | null
  readonly assignor: GroupAssignor
  /** How long the others wait for it once it is silent, ms. */
  readonly sessionTimeoutMs: number
}

interface Place {
  joiner: Joiner
  share: Share
  /** The generation it belongs to. */
  generation: number
  /** Waits for the round that is open. */
  waiting: PromiseWithResolvers<Share> | undefined
  /** Ends the place of a member that has gone without leaving. */
  silence: NodeJS.Timeout | undefined
}

const nothing: Share = { partitions: [], userData: null }

/**
 * The places of a group and its rounds:
 *
 *   stable -> (a member is new, joins again, or leaves) -> a round is open -> (all places have joined) -> stable, next generation
 *
 * A process that comes back under its instance id takes its place without a round, unless it leads and the topics have changed.
 */
export class GroupMembers {
  readonly #groupId: string
  readonly #allOf: (topics: readonly string[]) => readonly TopicPartition[]
  readonly #places = new Map<string, Place>()
  #generation = 0
  #open = false

  /** @param allOf every partition of these topics */
  constructor(groupId: string, allOf: (topics: readonly string[]) => readonly TopicPartition[]) {
    this.#groupId = groupId
    this.#allOf = allOf
  }

  get size(): number {
    return this.#places.size
  }

  /** How many rounds there were. */
  get generation(): number {
    return this.#generation
  }

  holds(instanceId: string, memberId: string): boolean {
    return this.#places.get(instanceId)?.joiner.memberId === memberId
  }

  /** The generation of that place; -1 without one. */
  generationOf(instanceId: string): number {
    return this.#places.get(instanceId)?.generation ?? -1
  }

  /** That place must join again. */
  isOutdated(instanceId: string): boolean {
    return this.#open && this.#places.get(instanceId)?.waiting === undefined
  }

  /** Resolves when the round is done that this opens or takes part in. */
  join(joiner: Joiner): Promise<Share> {
    const place = this.#places.get(joiner.instanceId)
    clearTimeout(place?.silence)
    if (place !== undefined && place.joiner.memberId !== joiner.memberId) {
      place.waiting?.reject(this.#fenced(joiner.instanceId))
      place.waiting = undefined
      place.joiner = joiner
      if (!this.#open && this.#keepsShare(place)) return Promise.resolve(place.share)
    }
    const waiting = Promise.withResolvers<Share>()
    if (place === undefined)
      this.#places.set(joiner.instanceId, {
        joiner,
        share: nothing,
        generation: -1,
        waiting,
        silence: undefined
      })
    else Object.assign(place, { joiner, waiting })
    this.#open = true
    this.#complete()
    return waiting.promise
  }

  leave(instanceId: string): void {
    const place = this.#places.get(instanceId)
    if (place === undefined) return
    clearTimeout(place.silence)
    this.#places.delete(instanceId)
    this.#open = this.#places.size > 0
    this.#complete()
  }

  /** That member says nothing any more; its place ends after the session timeout. */
  silent(instanceId: string): void {
    const place = this.#places.get(instanceId)
    if (place === undefined) return
    place.silence = setTimeout(() => this.leave(instanceId), place.joiner.sessionTimeoutMs).unref()
  }

  #keepsShare({ joiner, share }: Place): boolean {
    const leads = this.#leader().joiner === joiner
    return !leads || joiner.assignor.stillFits(share, this.#allOf(joiner.topics))
  }

  #leader(): Place {
    return this.#places.values().next().value as Place
  }

  #complete(): void {
    const places = [...this.#places.values()]
    if (!this.#open || places.some(({ waiting }) => waiting === undefined)) return
    this.#open = false
    this.#generation++
    const { assignor, topics, memberId: leader } = this.#leader().joiner
    const subscribers: Subscriber[] = places.map(({ joiner }) => joiner)
    const shares = assignor.assign(this.#allOf(topics), subscribers, leader)
    for (const place of places) {
      const { waiting } = place
      place.share = shares.get(place.joiner.memberId) ?? nothing
      place.generation = this.#generation
      place.waiting = undefined
      waiting?.resolve(place.share)
    }
  }

  #fenced(instanceId: string): StreamsError {
    return new StreamsError(
      'GROUP_FENCED',
      `group '${this.#groupId}': another process took the place of '${instanceId}'`
    )
  }
}
