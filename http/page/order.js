/** Sweeps over the layers; more hardly ever helps. */
const sweeps = 12

/**
 * Puts the members of each layer into an order with few crossings: sweeps down and up, each member to the mean place of its neighbours in the
 * layer before; the best order seen is kept (Sugiyama, Tagawa and Toda, 1981).
 *
 * @param {number[][]} layers members by layer
 * @param {number[][]} before by member, its neighbours in the layer before
 * @param {number[][]} after by member, its neighbours in the layer after
 * @returns {number[][]} the layers in their order
 */
export function ordered(layers, before, after) {
  let current = layers.map((layer) => [...layer])
  let best = current
  let fewest = crossings(current, after)
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    current = current.map((layer) => [...layer])
    const down = sweep % 2 === 0
    const neighbours = down ? before : after
    for (let step = 1; step < current.length; step++) {
      const index = down ? step : current.length - 1 - step
      const fixed = places(current[down ? index - 1 : index + 1] ?? [])
      sortByMean(current[index] ?? [], neighbours, fixed)
    }
    const count = crossings(current, after)
    if (count >= fewest) continue
    fewest = count
    best = current.map((layer) => [...layer])
  }
  return best
}

/**
 * @param {number[][]} layers
 * @param {number[][]} after
 */
export function crossings(layers, after) {
  let count = 0
  for (let index = 0; index + 1 < layers.length; index++) {
    const below = places(layers[index + 1] ?? [])
    const ends = (layers[index] ?? []).flatMap((member) =>
      (after[member] ?? []).map((one) => below.get(one) ?? 0).sort((a, b) => a - b)
    )
    for (let i = 0; i < ends.length; i++)
      for (let j = i + 1; j < ends.length; j++) if (Number(ends[i]) > Number(ends[j])) count++
  }
  return count
}

/** @param {number[]} layer */
function places(layer) {
  return new Map(layer.map((member, place) => [member, place]))
}

/**
 * Who has no neighbours there stays where it is.
 *
 * @param {number[]} layer
 * @param {number[][]} neighbours
 * @param {Map<number, number>} fixed
 */
function sortByMean(layer, neighbours, fixed) {
  const wished = new Map(
    layer.map((member, place) => {
      const ends = neighbours[member] ?? []
      const sum = ends.reduce((all, one) => all + (fixed.get(one) ?? 0), 0)
      return [member, ends.length === 0 ? place : sum / ends.length]
    })
  )
  layer.sort((a, b) => Number(wished.get(a)) - Number(wished.get(b)))
}
