import type { BenchCase, Suite } from '../case.ts'
import type { SerdeSettings } from './serde-program.ts'

function serdeCase(
  group: string,
  name: string,
  settings: Omit<SerdeSettings, 'records'>,
  records: number
): BenchCase {
  return { group, name, program: 'serde', settings: { ...settings, records } }
}

/** Reading and writing line items, beside what Node has for it. */
export const serdes: Suite = {
  title: 'Serdes: line items of 180 bytes, totals of 50',
  async prepare({ records }) {
    return {
      cases: [
        serdeCase('read a line', 'json()', { what: 'line', by: 'serde', does: 'decode' }, records),
        serdeCase('read a line', 'JSON.parse', { what: 'line', by: 'node', does: 'decode' }, records),
        serdeCase(
          'read two fields of a line',
          'json()',
          { what: 'amount', by: 'serde', does: 'decode' },
          records
        ),
        serdeCase(
          'read two fields of a line',
          'JSON.parse',
          { what: 'amount', by: 'node', does: 'decode' },
          records
        ),
        serdeCase('write a line', 'json()', { what: 'line', by: 'serde', does: 'encode' }, records),
        serdeCase('write a line', 'JSON.stringify', { what: 'line', by: 'node', does: 'encode' }, records),
        serdeCase('read totals', 'json()', { what: 'totals', by: 'serde', does: 'decode' }, records),
        serdeCase('read totals', 'JSON.parse', { what: 'totals', by: 'node', does: 'decode' }, records),
        serdeCase('write totals', 'json()', { what: 'totals', by: 'serde', does: 'encode' }, records),
        serdeCase('write totals', 'JSON.stringify', { what: 'totals', by: 'node', does: 'encode' }, records)
      ],
      close: async () => {}
    }
  }
}
