import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ByteBudget } from '../../ingest/reading/byte-budget.ts'
import { type ReadingJob, ReadingPool, type Rest } from '../../ingest/reading/reading-pool.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('ByteBudget', () => {
  it('bounds what is out, and lets buckets take turns', async () => {
    const budget = new ByteBudget(10)
    const { signal } = new AbortController()
    const granted: string[] = []
    const take = (bytes: number, bucket: string, name = bucket) =>
      budget.take(bytes, bucket, signal).then(() => granted.push(name))
    await take(8, 'a', 'first')
    for (let i = 0; i < 3; i++) void take(4, 'a')
    void take(4, 'b')
    await settle()
    expect(granted).toEqual(['first'])
    budget.give(8)
    await settle()
    expect(granted).toEqual(['first', 'a', 'b'])
    expect(budget.used).toBe(8)
    budget.give(8)
    await settle()
    expect(granted).toEqual(['first', 'a', 'b', 'a', 'a'])
    budget.give(8)
    // more than there is, when nothing else is out
    await take(100, 'c')
    expect(budget.used).toBe(100)
  })

  it('forgets who does not wait any more', async () => {
    const budget = new ByteBudget(10)
    const abort = new AbortController()
    const { signal } = new AbortController()
    await budget.take(10, 'a', signal)
    const given = budget.take(9, 'a', abort.signal)
    let other = false
    void budget.take(5, 'a', signal).then(() => {
      other = true
    })
    abort.abort()
    await expect(given).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
    await expect(budget.take(1, 'a', abort.signal)).rejects.toThrow()
    budget.give(10)
    await settle()
    expect(other).toBe(true)
    expect(budget.used).toBe(5)
  })
})

describe('ReadingPool', () => {
  function jobs(pool: ReadingPool) {
    const running: string[] = []
    const ends = new Map<string, (rest?: Rest) => void>()
    const passedOver: string[] = []
    const add = (bucket: string, name: string, reference = false): ReadingJob => {
      const job: ReadingJob = {
        bucket,
        reference,
        run: () => {
          running.push(name)
          return new Promise<Rest | undefined>((resolve) => ends.set(name, resolve))
        },
        passedOver: () => passedOver.push(name)
      }
      pool.add(job)
      return job
    }
    const end = async (name: string, rest?: Rest) => {
      ends.get(name)?.(rest)
      running.splice(running.indexOf(name), 1)
      await settle()
    }
    return { running, add, end, passedOver }
  }

  it('runs so many at once, buckets in turn', async () => {
    const pool = new ReadingPool(2)
    const { running, add, end } = jobs(pool)
    for (const name of ['a1', 'a2', 'a3', 'a4']) add('a', name)
    add('b', 'b1')
    const last = add('b', 'b2')
    expect(running).toEqual(['a1', 'a2'])
    await end('a1')
    expect(running).toEqual(['a2', 'a3'])
    await end('a2')
    expect(running).toEqual(['a3', 'b1'])
    pool.remove(last)
    await end('b1')
    await end('a3')
    expect(running).toEqual(['a4'])
    await end('a4')
    add('b', 'b3')
    expect(running).toEqual(['b3'])
  })

  it('holds a bucket’s sales back while its reference files are read', async () => {
    const { running, add, end } = jobs(new ReadingPool(4))
    add('a', 'stores', true)
    add('a', 'sales')
    add('a', 'products', true)
    add('b', 'other sales')
    expect(running).toEqual(['stores', 'products', 'other sales'])
    await end('stores')
    expect(running).toEqual(['products', 'other sales'])
    await end('products')
    expect(running).toEqual(['other sales', 'sales'])
  })

  describe('with jobs that must rest', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    const failed = (ms: number): Rest => ({ ms, refused: true, progressed: false })

    it('gives their places to others, and has them take turns with what is new', async () => {
      const pool = new ReadingPool(1)
      const { running, add, end } = jobs(pool)
      for (const name of ['a1', 'a2', 'a3', 'a4']) add('a', name)
      await end('a1', failed(1_000))
      // not at full speed, if all that is asked of the bucket should fail
      expect(running).toEqual([])
      vi.advanceTimersByTime(11)
      expect(running).toEqual(['a2'])
      await end('a2', failed(1_000))
      vi.advanceTimersByTime(21)
      expect(running).toEqual(['a3'])
      vi.advanceTimersByTime(2_000)
      await end('a3')
      expect(running).toEqual(['a1'])
      await end('a1', failed(60_000))
      vi.advanceTimersByTime(11)
      expect(running).toEqual(['a4'])
      await end('a4')
      expect(running).toEqual(['a2'])
    })

    it('leaves a bucket alone for a moment, and no other one', async () => {
      const { running, add, end } = jobs(new ReadingPool(1))
      for (let i = 0; i < 100; i++) add('a', `a${i}`)
      for (let i = 0; i < 30; i++) {
        await end(`a${i}`, failed(60_000))
        vi.advanceTimersByTime(251)
      }
      add('b', 'b1')
      await end('a30', failed(60_000))
      expect(running).toEqual(['b1'])
      await end('b1')
      vi.advanceTimersByTime(200)
      expect(running).toEqual([])
      vi.advanceTimersByTime(51)
      expect(running).toEqual(['a31'])
    })

    it('lets sales wait for a reference for so long', async () => {
      const { running, add, end, passedOver } = jobs(new ReadingPool(4, { referenceWaitMs: 5_000 }))
      add('a', 'stores', true)
      add('a', 'sales')
      await end('stores', failed(3_000))
      vi.advanceTimersByTime(3_000)
      expect(running).toEqual(['stores'])
      // what goes on is waited for
      await end('stores', { ms: 4_000, refused: true, progressed: true })
      vi.advanceTimersByTime(4_000)
      await end('stores', failed(60_000))
      expect([running, passedOver]).toEqual([[], []])
      vi.advanceTimersByTime(1_100)
      expect([running, passedOver]).toEqual([['sales'], ['stores']])
      vi.advanceTimersByTime(60_000)
      expect(running).toEqual(['sales', 'stores'])
      add('a', 'more sales')
      expect(running).toEqual(['sales', 'stores', 'more sales'])
    })

    it('lets them wait for as long as the store is away', async () => {
      const { running, add, end, passedOver } = jobs(new ReadingPool(4, { referenceWaitMs: 5_000 }))
      add('a', 'stores', true)
      add('a', 'sales')
      await end('stores', failed(1_000))
      vi.advanceTimersByTime(1_000)
      await end('stores', { ms: 20_000, refused: false, progressed: false })
      vi.advanceTimersByTime(20_000)
      expect([running, passedOver]).toEqual([['stores'], []])
    })

    it('forgets one that is taken out while it rests', async () => {
      const pool = new ReadingPool(4)
      const { running, add, end, passedOver } = jobs(pool)
      const stores = add('a', 'stores', true)
      add('a', 'sales')
      await end('stores', failed(1_000))
      pool.remove(stores)
      vi.advanceTimersByTime(70_000)
      expect([running, passedOver]).toEqual([['sales'], []])
    })
  })
})
