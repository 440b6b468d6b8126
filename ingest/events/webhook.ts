import type { FastifyInstance } from 'fastify'
import { hasCode, type StreamsError } from '../../index.ts'
import type { Announce } from './event-writer.ts'
import { parseNotification } from './s3-notification.ts'

/** Far more than S3 sends at once. */
const bodyLimit = 1024 * 1024

/**
 * `POST /events` with a notification in any form that `parseNotification` knows. 202 when its events are safe in Kafka, 400 with the reason for what is
 * none; after any other answer the sender should try again.
 */
export function addWebhook(server: FastifyInstance, announce: Announce): void {
  server.post('/events', { bodyLimit }, async (request, reply) => {
    try {
      const events = parseNotification(request.body)
      await announce(events)
      return reply.code(202).send({ events: events.length })
    } catch (error) {
      if (!hasCode(error, 'DESERIALIZATION')) throw error
      return reply.code(400).send({ error: (error as StreamsError).message })
    }
  })
}
