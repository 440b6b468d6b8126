import { addressVariables } from '../deploy/local/addresses.ts'
import { objectStoreCredentials } from '../deploy/local/object-store.ts'
import type { CountryBucket } from '../ingest/buckets.ts'
import { ObjectStore } from '../ingest/object-store.ts'
import { bucketOf, bucketSettings } from './buckets.ts'
import { serviceAddress } from './services.ts'

/** The option that says which bucket keeps the versions that were read, so that a corrected file's former rows can be taken back. */
export const archiveOption = {
  archive: {
    type: 'string',
    value: 'BUCKET',
    default: 'store-sku-archive',
    help: 'keeps the files as they were read, for when they are corrected'
  }
} as const

/** The option that says whose buckets they are. */
export const bucketOption = {
  bucket: {
    type: 'string',
    multiple: true,
    default: [] as string[],
    value: 'NAME=CC[:CUR[:ZONE]]',
    help: "a bucket's country, and currency and time zone where they are others than the country's; may be repeated"
  }
} as const

/** Each stands for a way by which the AWS SDK finds credentials: keys, a profile, the roles of a pod on EKS and of a task on ECS. */
const credentialVariables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'
]

const aws = /\.amazonaws\.com(\.cn)?$/

/**
 * The local server's credentials: for that one, which knows no others, and for a server that is not AWS while nothing says by what the AWS SDK would
 * find any.
 */
export function localCredentials(
  endpoint: string,
  environment: Readonly<Record<string, string | undefined>>
): typeof objectStoreCredentials | undefined {
  // as where addresses are looked for, an empty one is none
  if (!environment[addressVariables.s3]) return objectStoreCredentials
  const named = credentialVariables.some((name) => environment[name])
  // a machine's own role is named by no variable
  return named || aws.test(new URL(endpoint).hostname) ? undefined : objectStoreCredentials
}

/** The object store at an address, in AWS_REGION, with the AWS SDK's credentials or the local server's. */
export function objectStoreAt(endpoint: string): ObjectStore {
  const credentials = localCredentials(endpoint, process.env)
  const region = process.env['AWS_REGION']
  return new ObjectStore({
    endpoint,
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials })
  })
}

/** The object store that S3_ENDPOINT names, else the local one. Throws CONFIG_INVALID. */
export async function objectStoreOf(dir: string): Promise<ObjectStore> {
  return objectStoreAt(await serviceAddress('s3', dir))
}

/** Buckets by `NAME=CC`, or by names that say it, such as `sku-gb`. Throws an Error that says what is missing. */
export function bucketsOf(options: readonly string[]): readonly CountryBucket[] {
  const settings = bucketSettings(options.filter((option) => option.includes('=')))
  const names = options.map((option) => option.split('=')[0] ?? '')
  return names.map((name) => bucketOf(name, settings))
}
