// few days in very many rows
let lastDay = ''
let lastStart = 0

/**
 * The event time of what happened on a day: its start in UTC, ms, but no later than a time that is not in the future. East of Greenwich a day begins
 * before it does in UTC, files hold wrong years, and brokers refuse timestamps that are an hour ahead
 * (`message.timestamp.after.max.ms`, KIP-937): such a record would stop the graph.
 */
export function timeOfDay(day: string, noLaterThan: number): number {
  if (day !== lastDay) {
    lastStart = Date.parse(day)
    lastDay = day
  }
  return Math.min(lastStart, noLaterThan)
}
