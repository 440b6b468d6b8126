/** The real brokers that the test run started, `host:port`. */
export function realBrokers(): string[] {
  const brokers = process.env['KAFKA_BROKERS']
  if (brokers === undefined || brokers === '')
    throw new Error('set KAFKA_BROKERS to the host:port list of a running Kafka')
  return brokers.split(',')
}
