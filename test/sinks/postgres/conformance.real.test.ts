import { describeSink } from '../conformance.ts'
import { PostgresPlace } from './place.ts'

describeSink('PostgreSQL sink', () => PostgresPlace.make())
