import { Counter, Histogram, type Registry } from 'prom-client'
import type { KafkaMetrics } from '../../kafka/port/metrics.ts'

/** What a Kafka client tells Prometheus, for its option `metrics`. Labels: names of requests and of calls, never brokers or topics. */
export function kafkaClientMetrics(registry: Registry): KafkaMetrics {
  const registers = [registry]
  const requests = new Histogram({
    name: 'streams_kafka_request_seconds',
    help: 'Time to the answer of a request; a fetch waits for data',
    labelNames: ['api'],
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers
  })
  const unanswered = new Counter({
    name: 'streams_kafka_requests_unanswered_total',
    help: 'Requests whose connection broke or whose time was up',
    registers
  })
  const bytes = new Counter({
    name: 'streams_kafka_bytes_total',
    help: 'Bytes over connections to brokers',
    labelNames: ['direction'],
    registers
  })
  const retries = new Counter({
    name: 'streams_kafka_retries_total',
    help: 'Calls that were tried again after a failure that may pass',
    labelNames: ['call'],
    registers
  })
  // a rate sees the first one only if there was a 0 before
  for (const call of ['admin', 'group']) retries.inc({ call }, 0)
  return {
    request({ api, ms, answered }) {
      if (answered) requests.observe({ api }, ms / 1000)
      else unanswered.inc()
    },
    bytes(_broker, sent, received) {
      bytes.inc({ direction: 'sent' }, sent)
      bytes.inc({ direction: 'received' }, received)
    },
    retry(call) {
      retries.inc({ call })
    },
    fetch({ bytes: received }) {
      bytes.inc({ direction: 'received' }, received)
    }
  }
}
