import { createAPI, Writer } from '@platformatic/kafka'
import { Channel, defaultChannel } from '../../../kafka/platformatic/connections.ts'
import {
  type FetchAnswer,
  type FetchRequest,
  fetchKey,
  fetchRequestBytes,
  fetchVersion,
  parseFetchAnswer,
  writeFetchRequest
} from '../../../kafka/platformatic/fetch-api.ts'
import { FetchLease } from '../../../kafka/platformatic/fetch-buffers.ts'
import type { ConnectFetch } from '../../../kafka/platformatic/fetch-connection.ts'

const fetchApi = createAPI<[FetchRequest], FetchAnswer>(
  fetchKey,
  fetchVersion,
  (request) => {
    const buffer = Buffer.allocUnsafe(fetchRequestBytes(request))
    return Writer.create().append(buffer.subarray(0, writeFetchRequest(buffer, 0, request)))
  },
  // one copy joins the chunks that the answer came in
  (_correlationId, _key, _version, reader) => {
    const bytes = reader.buffer.buffer
    return { ...parseFetchAnswer(bytes, 0), lease: new FetchLease(bytes) }
  }
)

/** Our fetches over the connections of @platformatic/kafka, for comparison. */
export const libraryFetch: ConnectFetch = (address, clientId, security) => {
  const channel = new Channel(address, clientId, security, defaultChannel)
  return {
    fetch: (request) => channel.call(fetchApi, request),
    close: () => void channel.close()
  }
}
