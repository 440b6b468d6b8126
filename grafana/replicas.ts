import { chosen, dashboard, lines, numbers, ours, rate } from './panels.ts'

/** Who has which tasks, what moves, and how the brokers answer. */
export const replicas = dashboard('replicas', 'Store-SKU: replicas and rebalances', [
  {
    title: 'Tasks',
    panels: [
      numbers('Processes', {
        unit: 'none',
        description: 'That Prometheus reaches.',
        queries: [[`sum by (job) (up ${ours})`, '{{job}}']]
      }),
      lines('Tasks by role', {
        unit: 'none',
        description: 'Active tasks, copies kept warm, and copies made warm before a task moves.',
        queries: [
          [
            `sum by (instance, application, role) (streams_tasks{${chosen}})`,
            '{{instance}} {{application}} {{role}}'
          ]
        ]
      }),
      lines('Tasks that process', {
        unit: 'none',
        description: 'Fewer than the active ones: the others restore their state.',
        queries: [
          [`sum by (instance, application) (streams_tasks_active{${chosen}})`, '{{instance}} {{application}}']
        ]
      })
    ]
  },
  {
    title: 'Changes',
    panels: [
      lines('Rebalances', {
        unit: 'none',
        description: 'Times within 5 minutes that a process was told another share of the tasks.',
        queries: [
          [
            `sum by (instance, application) (increase(streams_rebalances_total{${chosen}}[5m]))`,
            '{{instance}} {{application}}'
          ]
        ]
      }),
      lines('Failures', {
        unit: 'none',
        description:
          'Within 5 minutes, by error code (docs/errors.md). PRODUCER_FENCED and GROUP_FENCED: see the runbook of fenced members.',
        queries: [
          [
            `sum by (application, code) (increase(streams_failures_total{${chosen}}[5m]))`,
            '{{application}} {{code}}'
          ]
        ]
      }),
      lines('Restarts of tasks', {
        unit: 'none',
        description: 'Times within 5 minutes that tasks were made anew from their last commit.',
        queries: [
          [
            `sum by (instance, application) (increase(streams_task_restarts_total{${chosen}}[5m]))`,
            '{{instance}} {{application}}'
          ]
        ]
      })
    ]
  },
  {
    title: 'Brokers',
    panels: [
      lines('Answers', {
        unit: 's',
        description: 'The 95th percentile by request; fetches and heartbeats wait on purpose.',
        queries: [
          [
            `histogram_quantile(0.95, sum by (le, api) (${rate('streams_kafka_request_seconds_bucket')}))`,
            '{{api}}'
          ]
        ]
      }),
      lines('Trouble', {
        unit: 'rps',
        description: 'Requests without an answer, and calls tried again.',
        queries: [
          [
            `sum by (instance) (${rate('streams_kafka_requests_unanswered_total')})`,
            '{{instance}} unanswered'
          ],
          [`sum by (instance) (${rate('streams_kafka_retries_total')})`, '{{instance}} retried']
        ]
      }),
      lines('Traffic', {
        unit: 'Bps',
        description: 'Over connections to brokers.',
        queries: [[`sum by (direction) (${rate('streams_kafka_bytes_total')})`, '{{direction}}']]
      })
    ]
  }
])
