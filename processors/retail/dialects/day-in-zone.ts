import { StreamsError } from '../../../index.ts'

// few zones, and making a formatter takes long
const formats = new Map<string, Intl.DateTimeFormat>()

/** The calendar day, yyyy-mm-dd, that clocks in the zone (an IANA name) show at that time, ms. Throws FILE_UNREADABLE for an unknown zone. */
export function dayInZone(time: number, timeZone: string): string {
  let format = formats.get(timeZone)
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-CA', {
        timeZone,
        year: 'numeric',
        month: '2-digit',
        day: '2-digit'
      })
    } catch (error) {
      throw new StreamsError('FILE_UNREADABLE', `there is no time zone ${timeZone}`, error)
    }
    formats.set(timeZone, format)
  }
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]))
  return `${parts.get('year')?.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`
}
