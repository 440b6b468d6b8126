import { dashboard, lines, numbers, rate } from './panels.ts'

/** Files of the buckets on their way into Kafka. */
export const ingest = dashboard(
  'ingest',
  'Store-SKU: ingest',
  [
    {
      title: 'Files',
      panels: [
        numbers('Files', {
          unit: 'short',
          description: 'Done with: read, rejected or removed. Waiting: announced and not read to the end.',
          queries: [['sum by (state) (retail_ingest_files)', '{{state}}']]
        }),
        lines('Bytes', {
          unit: 'bytes',
          description: 'Of the files that are known.',
          queries: [['sum by (state) (retail_ingest_bytes)', '{{state}}']]
        }),
        lines('Rows', {
          unit: 'rps',
          description: 'Into the topic of raw rows, those that take former ones back included.',
          queries: [[`sum(${rate('retail_ingest_rows_total')})`, 'rows']]
        })
      ]
    },
    {
      title: 'The application',
      panels: [
        lines('Events to come', {
          unit: 'short',
          description: 'File events that were announced and not looked at.',
          queries: [['sum(streams_task_lag_records{application="retail-ingest"})', 'events']]
        }),
        lines('Commits', {
          unit: 's',
          description: 'The 95th percentile of how long a commit takes.',
          queries: [
            [
              `histogram_quantile(0.95, sum by (le) (${rate('streams_commit_duration_seconds_bucket{application="retail-ingest"}')}))`,
              'commits'
            ]
          ]
        }),
        lines('Thread', {
          unit: 'percentunit',
          description: 'Shares of the time of the thread.',
          queries: [
            [
              `avg by (activity) (${rate('streams_thread_seconds_total{application="retail-ingest"}')})`,
              '{{activity}}'
            ]
          ]
        })
      ]
    }
  ],
  { byApplication: false }
)
