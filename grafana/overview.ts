import { chosen, dashboard, lines, numbers, ours, rate } from './panels.ts'

/** Whether it works, how fast, and how far behind it is. */
export const overview = dashboard('overview', 'Store-SKU: overview', [
  {
    title: 'Health',
    panels: [
      numbers('State', {
        unit: 'none',
        description:
          'How many processes are in which state. REBALANCING covers joining and restoring; ERROR is for good.',
        queries: [
          [
            `sum by (application, streams_state) (streams_state{${chosen}}) > 0`,
            '{{application}} {{streams_state}}'
          ]
        ]
      }),
      lines('Lag', {
        unit: 'short',
        description: 'Records still to be processed. It should come back to about 0.',
        queries: [[`sum by (application) (streams_task_lag_records{${chosen}})`, '{{application}}']]
      }),
      lines('Age of the next record', {
        unit: 's',
        description: 'By its timestamp, of the task that is furthest behind. Large while old files are read.',
        queries: [[`max by (application) (streams_task_lag_seconds{${chosen}})`, '{{application}}']]
      })
    ]
  },
  {
    title: 'Flow',
    panels: [
      lines('Records', {
        unit: 'rps',
        description: 'Through the graph.',
        queries: [
          [`sum by (application) (${rate(`streams_records_processed_total{${chosen}}`)})`, '{{application}}']
        ]
      }),
      lines('Bytes', {
        unit: 'Bps',
        description: 'Fetched for the tasks, compressed as they came.',
        queries: [
          [`sum by (application) (${rate(`streams_bytes_consumed_total{${chosen}}`)})`, '{{application}}']
        ]
      }),
      lines('Age of records when processed', {
        unit: 's',
        description: 'The median and the 95th percentile, from the timestamp of a record on.',
        queries: [0.5, 0.95].map((q) => [
          `histogram_quantile(${q}, sum by (le, application) (${rate(`streams_record_age_seconds_bucket{${chosen}}`)}))`,
          `{{application}} ${q}`
        ])
      }),
      lines('Busiest steps', {
        unit: 'rps',
        description: 'Records and changes that reach each step of the graph: the 15 with most.',
        queries: [
          [
            `topk(15, sum by (application, node) (${rate(`streams_node_records_total{${chosen}}`)}))`,
            '{{application}} {{node}}'
          ]
        ]
      }),
      lines('Dropped records', {
        unit: 'rps',
        description: 'Records without effect, by reason.',
        queries: [
          [
            `sum by (application, reason) (${rate(`streams_records_dropped_total{${chosen}}`)})`,
            '{{application}} {{reason}}'
          ]
        ]
      }),
      lines('Dead letters', {
        unit: 'rps',
        description: 'Written to the dead-letter topic by an exception handler.',
        queries: [
          [
            `sum by (application, reason) (${rate(`streams_dead_letters_total{${chosen}}`)})`,
            '{{application}} {{reason}}'
          ]
        ]
      })
    ]
  },
  {
    title: 'Where the time goes',
    panels: [
      lines('Thread', {
        unit: 'percentunit',
        description: 'Shares of the time of a thread. No idle time: it is at its limit.',
        queries: [
          [
            `avg by (application, activity) (${rate(`streams_thread_seconds_total{${chosen}}`)})`,
            '{{application}} {{activity}}'
          ]
        ]
      }),
      lines('Blocked by brokers', {
        unit: 'percentunit',
        description:
          'Share of the time that a thread waits for acknowledgements, transactions and room in its producer.',
        queries: [
          [
            `avg by (application) (${rate(`streams_thread_blocked_seconds_total{${chosen}}`)})`,
            '{{application}}'
          ]
        ]
      }),
      lines('Commits', {
        unit: 's',
        description: 'The median and the 95th percentile of how long a commit takes.',
        queries: [0.5, 0.95].map((q) => [
          `histogram_quantile(${q}, sum by (le, application) (${rate(`streams_commit_duration_seconds_bucket{${chosen}}`)}))`,
          `{{application}} ${q}`
        ])
      })
    ]
  },
  {
    title: 'Processes',
    panels: [
      lines('CPU', {
        unit: 'percentunit',
        description: 'Cores in use.',
        queries: [[`sum by (instance) (${rate('process_cpu_seconds_total')} ${ours})`, '{{instance}}']]
      }),
      lines('Memory', {
        unit: 'bytes',
        description: 'Resident, with the storage engines; and the JavaScript heap in it.',
        queries: [
          [`process_resident_memory_bytes ${ours}`, '{{instance}} resident'],
          [`nodejs_heap_size_used_bytes ${ours}`, '{{instance}} heap']
        ]
      }),
      lines('Event loop', {
        unit: 's',
        description:
          'Delay, 99th percentile. Far above 0.01 s: a function of the graph takes long, or the machine is overloaded.',
        queries: [[`nodejs_eventloop_lag_p99_seconds ${ours}`, '{{instance}}']]
      })
    ]
  }
])
