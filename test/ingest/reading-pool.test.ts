import { describe, expect, it } from 'vitest'
import { ByteBudget } from '../../ingest/reading/byte-budget.ts'
import { type ReadingJob, ReadingPool } from '../../ingest/reading/reading-pool.ts'

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
    const ends = new Map<string, () => void>()
    const add = (bucket: string, name: string, reference = false): ReadingJob => {
      const job: ReadingJob = {
        bucket,
        reference,
        run: () => {
          running.push(name)
          return new Promise<void>((resolve) => ends.set(name, resolve))
        }
      }
      pool.add(job)
      return job
    }
    const end = async (name: string) => {
      ends.get(name)?.()
      running.splice(running.indexOf(name), 1)
      await settle()
    }
    return { running, add, end }
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
})
