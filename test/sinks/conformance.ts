import { describe } from 'vitest'
import { describeOutages } from './conformance/outages.ts'
import { describeRefusals } from './conformance/refusals.ts'
import { describeRepetition } from './conformance/repetition.ts'
import { type MakePlace, workspaces } from './conformance/workspace.ts'
import { describeWriting } from './conformance/writing.ts'
import { describeZombies } from './conformance/zombies.ts'

/** What every sink must do, carried by real sink tasks from a log in memory to a real server. */
export function describeSink(name: string, makePlace: MakePlace): void {
  describe(name, { timeout: 60_000 }, () => {
    const workspace = workspaces(makePlace)
    describeWriting(workspace)
    describeRepetition(workspace)
    describeRefusals(workspace)
    describeOutages(workspace)
    describeZombies(workspace)
  })
}
