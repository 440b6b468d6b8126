import type { DescribedTopology } from './described.ts'

/**
 * A Mermaid flowchart. Sources and sinks are not drawn: their topics are, and join the sub-topologies. Stores are cylinders in the
 * sub-topology that keeps them; global ones stand alone.
 */
export function descriptionMermaid({ subTopologies, globalStores }: DescribedTopology): string {
  const ids = { t: new Map<string, string>(), n: new Map<string, string>(), s: new Map<string, string>() }
  /** Mermaid's own id for a thing: names may hold what Mermaid would read as syntax. */
  const idOf = (letter: 't' | 'n' | 's', name: string): string => {
    const known = ids[letter]
    const id = known.get(name) ?? `${letter}${known.size}`
    known.set(name, id)
    return id
  }
  const topic = (name: string) => idOf('t', name)
  const boxes: string[] = []
  const arrows: string[] = []

  for (const { id, nodes, stores } of subTopologies) {
    const node = (name: string) => idOf('n', `${id} ${name}`)
    const sinks = new Map(nodes.flatMap((one) => (one.type === 'sink' ? [[one.name, one.topic]] : [])))
    const below = (name: string) => {
      const written = sinks.get(name)
      return written === undefined ? node(name) : topic(written)
    }
    boxes.push(`  subgraph sub${id}["Sub-topology ${id}"]`)
    for (const one of nodes)
      if (one.type === 'processor') boxes.push(`    ${node(one.name)}["${label(one.name)}"]`)
    for (const { name } of stores) boxes.push(`    ${idOf('s', name)}[("${label(name)}")]`)
    boxes.push('  end')
    for (const one of nodes) {
      if (one.type === 'sink') continue
      const from = one.type === 'source' ? one.topics.map(topic) : [node(one.name)]
      for (const start of from)
        for (const name of one.successors) arrows.push(`  ${start} --> ${below(name)}`)
      if (one.type !== 'processor') continue
      for (const store of one.stores) arrows.push(`  ${node(one.name)} --- ${idOf('s', store)}`)
    }
  }
  for (const { source, processor } of globalStores)
    for (const store of processor.stores) {
      boxes.push(`  ${idOf('s', store)}[("${label(store)} (global)")]`)
      for (const name of source.topics) arrows.push(`  ${topic(name)} --> ${idOf('s', store)}`)
    }
  const drawn = [...ids.t].map(([name, id]) => `  ${id}[/"${label(name)}"/]`)
  return `${['flowchart TB', ...drawn, ...boxes, ...arrows].join('\n')}\n`
}

/** Quoted labels need only this escaped. */
function label(text: string): string {
  return text.replaceAll('"', '#quot;')
}
