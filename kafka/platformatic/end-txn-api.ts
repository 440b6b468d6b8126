import { type API, createAPI, endTxnV4 } from '@platformatic/kafka'

/** With error codes as the broker gave them. */
export interface EndTxnAnswer {
  readonly errorCode: number
  /** Who writes the next transaction; -1 with an error. */
  readonly producerId: bigint
  readonly producerEpoch: number
}

/*
 * EndTxn request, version 5, as in version 4:
 *
 *   string transactional_id | int64 producer_id | int16 producer_epoch | int8 committed
 *
 * EndTxn answer, version 5 (KIP-890; each transaction has an epoch of its own):
 *
 *   int32 throttle_time_ms | int16 error_code | int64 producer_id | int16 producer_epoch
 */
export const endTxnV5: API<Parameters<typeof endTxnV4.createRequest>, EndTxnAnswer> = createAPI(
  26,
  5,
  endTxnV4.createRequest,
  (_correlationId, _key, _version, reader) => {
    reader.readInt32()
    const answer = {
      errorCode: reader.readInt16(),
      producerId: reader.readInt64(),
      producerEpoch: reader.readInt16()
    }
    reader.readTaggedFields()
    return answer
  }
)
