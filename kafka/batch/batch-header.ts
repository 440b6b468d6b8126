/*
 * The head of a record batch, magic v2, big-endian:
 *
 *    0  int64   base offset
 *    8  int32   length of all that follows this field
 *   12  int32   partition leader epoch
 *   16  int8    magic, 2
 *   17  uint32  CRC32C of all that follows this field
 *   21  int16   attributes: bits 0-2 compression, 3 LogAppendTime, 4 transactional, 5 control, 6 delete horizon
 *   23  int32   offset of the last record, less the base offset
 *   27  int64   timestamp of the first record, to which the records' deltas are added
 *   35  int64   largest timestamp
 *   43  int64   producer id, -1 for none
 *   51  int16   producer epoch
 *   53  int32   sequence number of the first record
 *   57  int32   number of records
 *   61          records, compressed as one run
 */
export const baseOffsetAt = 0
export const lengthAt = 8
export const leaderEpochAt = 12
export const magicAt = 16
export const crcAt = 17
export const attributesAt = 21
export const lastOffsetDeltaAt = 23
export const firstTimestampAt = 27
export const maxTimestampAt = 35
export const producerIdAt = 43
export const producerEpochAt = 51
export const baseSequenceAt = 53
export const countAt = 57
export const headerBytes = 61

/** What the length field leaves out: itself and the base offset. */
export const lengthOverhead = 12

export const compressionMask = 0b111
export const logAppendTimeBit = 1 << 3
export const transactionalBit = 1 << 4
export const controlBit = 1 << 5
