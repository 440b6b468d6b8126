import { countersOfSource } from './scene.js'

/**
 * @typedef {import('../../topology/described.ts').DescribedTopology} DescribedTopology
 * @typedef {import('./model.js').View} View
 *
 * @typedef {object} TopicFacts
 * @property {{ part: number, node: string, rate: number }[]} writers
 * @property {{ part: number, node: string }[]} readers
 * @property {number | undefined} rate of what is written to it by the graph, else read from it; undefined: not counted by itself
 */

/**
 * @param {DescribedTopology} topology
 * @param {View} view
 * @param {string} name
 * @returns {TopicFacts}
 */
export function topicFacts(topology, view, name) {
  const rateOf = (/** @type {string} */ key) => view.steps.get(key)?.rate ?? 0
  /** @type {TopicFacts} */
  const facts = { writers: [], readers: [], rate: undefined }
  /** @type {number[]} */
  const read = []
  for (const part of topology.subTopologies)
    for (const node of part.nodes) {
      if (node.type === 'sink' && node.topic === name)
        facts.writers.push({ part: part.id, node: node.name, rate: rateOf(`${part.id}/${node.name}`) })
      if (node.type !== 'source' || !node.topics.includes(name)) continue
      facts.readers.push({ part: part.id, node: node.name })
      const [counter] = node.topics.length === 1 ? countersOfSource(part, node.name) : []
      if (counter !== undefined) read.push(rateOf(counter))
    }
  if (facts.writers.length > 0) facts.rate = facts.writers.reduce((sum, { rate }) => sum + rate, 0)
  else if (read.length > 0) facts.rate = Math.max(...read)
  return facts
}

/** @param {Readonly<Record<string, number>>} counts */
export function total(counts) {
  return Object.values(counts).reduce((sum, one) => sum + one, 0)
}
