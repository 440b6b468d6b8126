import { dashboard, lines, numbers, rate } from './panels.ts'

/** What leaves Kafka, and whether it is taken. */
export const sinks = dashboard(
  'sinks',
  'Store-SKU: sinks',
  [
    {
      title: 'Health',
      panels: [
        numbers('Up', {
          unit: 'none',
          description: '0: a partition waits for the sink, which is away or has another owner.',
          queries: [['min by (sink) (streams_sink_up)', '{{sink}}']]
        }),
        lines('Lag', {
          unit: 'short',
          description: 'Records that are not in the sink yet.',
          queries: [['sum by (sink) (streams_sink_lag_records)', '{{sink}}']]
        }),
        lines('Retries', {
          unit: 'rps',
          description: 'Batches tried again, because the sink was away.',
          queries: [[`sum by (sink) (${rate('streams_sink_retries_total')})`, '{{sink}}']]
        })
      ]
    },
    {
      title: 'Flow',
      panels: [
        lines('Records', {
          unit: 'wps',
          description: 'Written to each sink.',
          queries: [[`sum by (sink) (${rate('streams_sink_records_written_total')})`, '{{sink}}']]
        }),
        lines('Dead letters', {
          unit: 'wps',
          description: 'Refused for what they are, and written to the dead-letter topic.',
          queries: [[`sum by (sink) (${rate('streams_sink_dead_letters_total')})`, '{{sink}}']]
        }),
        lines('Fetched and waiting', {
          unit: 'bytes',
          description: 'For each sink.',
          queries: [['sum by (sink) (streams_sink_queued_bytes)', '{{sink}}']]
        }),
        lines('Time for a record', {
          unit: 's',
          description: 'Writing, waiting for a sink that is away included.',
          queries: [
            [
              `sum by (sink) (${rate('streams_sink_write_seconds_total')}) / (sum by (sink) (${rate('streams_sink_records_written_total')}) > 0)`,
              '{{sink}}'
            ]
          ]
        })
      ]
    }
  ],
  { byApplication: false }
)
