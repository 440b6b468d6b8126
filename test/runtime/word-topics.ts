import { integer, string, topic } from '../../index.ts'

export const PARTITIONS = 8
export const KEYS = 40

export function wordTopics(prefix: string) {
  return {
    words: topic(`${prefix}words`, { key: string(), value: string(), partitions: PARTITIONS }),
    counts: topic(`${prefix}counts`, { key: string(), value: integer(), partitions: PARTITIONS })
  }
}
