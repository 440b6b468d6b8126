import type { CaseTopologies } from './topologies/case-topology.ts'
import { groupedTopologies } from './topologies/grouped.ts'
import { processorTopologies } from './topologies/processors.ts'
import { retailTopologies } from './topologies/retail.ts'
import { sessionTopologies } from './topologies/sessions.ts'
import { statelessTopologies } from './topologies/stateless.ts'
import { streamJoinTopologies } from './topologies/stream-joins.ts'
import { suppressTopologies } from './topologies/suppress.ts'
import { tableJoinTopologies } from './topologies/table-joins.ts'
import { tableTopologies } from './topologies/tables.ts'
import { versionedTopologies } from './topologies/versioned.ts'
import { windowTopologies } from './topologies/windows.ts'

/** Every topology of the cases, by name. */
export const topologies: CaseTopologies = {
  ...statelessTopologies,
  ...groupedTopologies,
  ...tableTopologies,
  ...processorTopologies,
  ...windowTopologies,
  ...sessionTopologies,
  ...suppressTopologies,
  ...streamJoinTopologies,
  ...tableJoinTopologies,
  ...versionedTopologies,
  ...retailTopologies
}
