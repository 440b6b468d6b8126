import type { Figures, Suite } from '../case.ts'
import { typeCost } from './type-cost.ts'

const sizes = [50, 100, 200] as const

/** What each step of a graph costs the type checker: as much in a large graph as in a small one. */
export async function typeGrowth(): Promise<Figures> {
  const figures: Record<string, number> = {}
  const found: number[] = []
  for (const steps of sizes) {
    const { instantiations } = await typeCost(steps)
    figures[`instantiations of ${steps} steps`] = instantiations
    found.push(instantiations)
  }
  const [small = 0, middle = 0, large = 0] = found
  const [early, late] = [(middle - small) / 50, (large - middle) / 100]
  return { ...figures, 'a step, from 50 to 100': early, 'from 100 to 200': late, growth: late / early }
}

export const types: Suite = {
  title: 'Type instantiations of a graph (tsc --extendedDiagnostics), the library itself included',
  prepare: async () => ({
    cases: [
      {
        group: 'types',
        name: 'by steps',
        program: 'types',
        settings: {},
        target: { figure: 'growth', atMost: 1.05 },
        rounds: 1
      }
    ],
    close: async () => {}
  })
}
