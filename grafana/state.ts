import { chosen, dashboard, lines, rate } from './panels.ts'

/** Stores, what they take, and how they come back. */
export const state = dashboard('state', 'Store-SKU: state and restore', [
  {
    title: 'Restore',
    panels: [
      lines('To be restored', {
        unit: 'short',
        description: 'Changelog offsets that stores have to go through until their tasks can run.',
        queries: [
          [
            `sum by (application, store) (streams_restore_remaining_records{${chosen}})`,
            '{{application}} {{store}}'
          ]
        ]
      }),
      lines('Restored', {
        unit: 'rps',
        description: 'Changelog records applied.',
        queries: [
          [`sum by (application) (${rate(`streams_restored_records_total{${chosen}}`)})`, '{{application}}']
        ]
      }),
      lines('Copies behind', {
        unit: 'short',
        description: 'Changelog records that standbys and warm-ups lack.',
        queries: [
          [`max by (application, task) (streams_standby_lag_records{${chosen}})`, '{{application}} {{task}}']
        ]
      })
    ]
  },
  {
    title: 'Size',
    panels: [
      lines('On disk', {
        unit: 'bytes',
        description: 'Files of sorted entries, by store.',
        queries: [
          [`sum by (application, store) (streams_store_table_bytes{${chosen}})`, '{{application}} {{store}}']
        ]
      }),
      lines('Write buffers', {
        unit: 'bytes',
        description: 'Entries that wait for a commit, and clean ones that are kept for reads.',
        queries: [
          [`sum by (application, store) (streams_store_buffer_bytes{${chosen}})`, '{{application}} {{store}}']
        ]
      }),
      lines('Fetched and waiting', {
        unit: 'bytes',
        description: 'Per application. Partitions with too much of it are paused.',
        queries: [[`sum by (application) (streams_task_buffered_bytes{${chosen}})`, '{{application}}']]
      })
    ]
  },
  {
    title: 'Engines',
    panels: [
      lines('Memory', {
        unit: 'bytes',
        description: 'Write tables, cached blocks, filters and indexes.',
        queries: [
          [`sum by (application) (streams_store_memtable_bytes{${chosen}})`, '{{application}} write tables'],
          [`sum by (application) (streams_store_block_cache_bytes{${chosen}})`, '{{application}} blocks'],
          [
            `sum by (application) (streams_store_table_reader_bytes{${chosen}})`,
            '{{application}} filters and indexes'
          ]
        ]
      }),
      lines('Stalls and compactions', {
        unit: 'none',
        description: 'Stores whose writes wait for compactions, and compactions under way.',
        queries: [
          [`sum by (application) (streams_store_write_stalled{${chosen}})`, '{{application}} stalled'],
          [
            `sum by (application) (streams_store_running_compactions{${chosen}})`,
            '{{application}} compactions'
          ]
        ]
      }),
      lines('Disk', {
        unit: 'bytes',
        description: 'Room for state. Below minFreeDiskBytes processing stops.',
        queries: [
          [
            `min by (instance, application) (streams_disk_free_bytes{${chosen}})`,
            '{{instance}} {{application}}'
          ],
          [
            `max by (instance, application) (streams_disk_full{${chosen}})`,
            '{{instance}} {{application}} stopped'
          ]
        ]
      })
    ]
  }
])
