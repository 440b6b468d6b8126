import { storeConformance } from './store-conformance.ts'

storeConformance('memory')
storeConformance('rocksdb')
storeConformance('level')
