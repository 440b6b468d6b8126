import { StreamsError } from '../../core/errors.ts'
import type { Sasl } from './sasl.ts'

const signerPackage = 'aws-msk-iam-sasl-signer-js'

export interface MskIamOptions {
  /** AWS region of the cluster, e.g. `eu-central-1`. */
  readonly region: string
  /** A profile of the shared credentials file. Default: AWS's usual chain (environment, pod identity, instance role). */
  readonly profile?: string
  /** A role to assume first. */
  readonly roleArn?: string
  /** Name of the assumed role's session. */
  readonly roleSessionName?: string
}

/**
 * `sasl` for Amazon MSK with IAM access control, beside `tls: {}`: a signed token, made anew for each connection and before the broker ends
 * a session. Needs the package `aws-msk-iam-sasl-signer-js`, which is loaded at the first connection.
 */
export function mskIam(options: MskIamOptions): Sasl {
  if (options.region === '')
    throw new StreamsError('CONFIG_INVALID', 'mskIam: name the AWS region of the cluster')
  if (options.profile !== undefined && options.roleArn !== undefined)
    throw new StreamsError('CONFIG_INVALID', 'mskIam: give a profile or a roleArn, not both')
  return { mechanism: 'OAUTHBEARER', token: () => token(options) }
}

async function token({ region, profile, roleArn, roleSessionName }: MskIamOptions): Promise<string> {
  const signer = await loadSigner()
  const made =
    profile !== undefined
      ? signer.generateAuthTokenFromProfile({ region, awsProfileName: profile })
      : roleArn !== undefined
        ? signer.generateAuthTokenFromRole({
            region,
            awsRoleArn: roleArn,
            ...(roleSessionName === undefined ? {} : { awsRoleSessionName: roleSessionName })
          })
        : signer.generateAuthToken({ region })
  return (await made).token
}

async function loadSigner(): Promise<typeof import('aws-msk-iam-sasl-signer-js')> {
  try {
    return await import('aws-msk-iam-sasl-signer-js')
  } catch (error) {
    throw new StreamsError(
      'CONFIG_INVALID',
      `mskIam needs the package ${signerPackage}, which is not installed: npm install ${signerPackage}`,
      error
    )
  }
}
