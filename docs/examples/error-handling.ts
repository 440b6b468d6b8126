import { z } from 'zod'
import {
  integer,
  json,
  type ProcessingExceptionHandler,
  type StreamsBuilder,
  type StreamsConfig,
  string,
  topic
} from '../../index.ts'

const Sale = z.object({ units: z.int(), cents: z.int() })
export const sales = topic('sales', { key: string(), value: json(Sale) })
export const unitPrices = topic('unit-prices', { key: string(), value: integer() })

/** Cents a unit. Not every total can be divided. */
export function unitPrice(builder: StreamsBuilder): void {
  builder
    .stream(sales)
    .mapValues(({ units, cents }) => {
      if (cents % units !== 0) throw new RangeError(`${cents} cents are no whole cents for ${units} units`)
      return cents / units
    })
    .to(unitPrices)
}

const onlyOfRanges: ProcessingExceptionHandler = (_context, error) =>
  error instanceof RangeError ? 'dead-letter' : 'fail'

/** Part of the application's settings. */
export const errorHandlers = {
  deserializationExceptionHandler: 'dead-letter',
  processingExceptionHandler: onlyOfRanges,
  productionExceptionHandler: 'continue',
  deadLetterTopic: 'sales-dead-letters'
} as const satisfies Partial<StreamsConfig>
