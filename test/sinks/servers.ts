/** Where a real server is; the set-up of these tests starts those that the environment does not name. */
export function server(
  variable: 'DATABASE_URL' | 'ELASTICSEARCH_URL' | 'KAFKA_BROKERS' | 'S3_ENDPOINT'
): string {
  const address = process.env[variable]
  if (address === undefined) throw new Error(`set ${variable}, or run the tests of project "real"`)
  return address
}
