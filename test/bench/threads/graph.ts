import type { StreamThreadSetup } from '../../../index.ts'
import { workloadTopology } from '../workload/workloads.ts'

export interface GraphData {
  readonly input: string
  readonly output: string
  /** One int32: records that the last step has done, of all threads. */
  readonly done: SharedArrayBuffer
}

/** What each worker thread runs: the workload over a repartition topic. */
export function streamThread({ input, output, done }: GraphData): StreamThreadSetup {
  const count = new Int32Array(done)
  return {
    topology: workloadTopology('rekey-aggregate', input, output, {
      input() {},
      done: () => void Atomics.add(count, 0, 1)
    })
  }
}
