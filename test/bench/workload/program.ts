import { parseArgs } from 'node:util'
import { runWorkloads, workloadOptions } from './main.ts'

/* A workload in a process of its own, with nothing of the other benchmarks in it: what is compared with the peer's program. */

const { values } = parseArgs({ options: workloadOptions })
const { workload } = values
if (workload === undefined) throw new Error('--workload is missing')
await runWorkloads({ ...values, workload })
