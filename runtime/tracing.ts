import { type Headers, headerText } from '../core/record.ts'

/** What of OpenTelemetry's `Tracer` is called, so that its API need not be there: `trace.getTracer('store-sku')` is one. */
export interface Tracer {
  startSpan(name: string, options: SpanOptions): Span
}

export interface SpanOptions {
  /** `SpanKind`: 4 is a consumer, 0 is internal. */
  kind: number
  attributes: Record<string, string | number>
  links: { context: SpanContext }[]
}

export interface Span {
  setAttribute(name: string, value: string | number): unknown
  /** 2: an error. */
  setStatus(status: { code: number; message: string }): unknown
  end(): void
}

/** Of W3C's trace context: who caused what. */
export interface SpanContext {
  traceId: string
  spanId: string
  traceFlags: number
  isRemote: boolean
}

const consumerKind = 4
const internalKind = 0
const errorStatus = 2
/** https://www.w3.org/TR/trace-context/#traceparent-header, version 00 and what later ones keep of it. */
const traceParent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)/

/**
 * Spans of a thread: one for each batch of records that a task processes in one go, linked to the context of its first record (header
 * `traceparent`), and one for each commit. None per record: that would cost more than the record.
 */
export class ThreadTracer {
  readonly #tracer: Tracer
  readonly #application: string

  constructor(tracer: Tracer, application: string) {
    this.#tracer = tracer
    this.#application = application
  }

  /** A task begins with a batch. */
  batch(task: string, headers: Headers): Span {
    const context = spanContextOf(headers)
    return this.#tracer.startSpan(`process ${task}`, {
      kind: consumerKind,
      // https://opentelemetry.io/docs/specs/semconv/messaging/kafka/
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.type': 'process',
        'messaging.operation.name': 'process',
        'messaging.consumer.group.name': this.#application
      },
      links: context === undefined ? [] : [{ context }]
    })
  }

  /** A commit of so many tasks, from its begin to its end. Settles as it does. */
  async commit<T>(tasks: number, action: () => Promise<T>): Promise<T> {
    const attributes = { 'messaging.consumer.group.name': this.#application, 'streams.tasks': tasks }
    const span = this.#tracer.startSpan('commit', { kind: internalKind, attributes, links: [] })
    try {
      const done = await action()
      span.end()
      return done
    } catch (error) {
      endWithError(span, error)
      throw error
    }
  }
}

/** Ends the span of a batch of so many records. */
export function endBatch(span: Span, records: number): void {
  span.setAttribute('messaging.batch.message_count', records)
  span.end()
}

export function endWithError(span: Span, error: unknown): void {
  span.setStatus({ code: errorStatus, message: error instanceof Error ? error.message : String(error) })
  span.end()
}

function spanContextOf(headers: Headers): SpanContext | undefined {
  const found = traceParent.exec(headerText(headers, 'traceparent') ?? '')
  if (found === null) return undefined
  const [, traceId = '', spanId = '', flags = ''] = found
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}
