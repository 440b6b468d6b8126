import { storeConformance } from './store-conformance.ts'
import { timedStoreConformance } from './timed-store-conformance.ts'

for (const kind of ['memory', 'rocksdb', 'level'] as const) {
  storeConformance(kind)
  timedStoreConformance(kind)
}
