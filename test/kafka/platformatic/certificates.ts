import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A private key and its certificate, as PEM. */
export interface KeyPair {
  readonly key: string
  readonly cert: string
  /** Both in one file, as brokers take them. */
  readonly file: string
}

export interface Certificates {
  readonly ca: string
  /** Of an authority that signed nothing here. */
  readonly otherCa: string
  /** For localhost and 127.0.0.1. */
  readonly valid: KeyPair
  /** Since yesterday. */
  readonly expired: KeyPair
  /** For a host of another name. */
  readonly elsewhere: KeyPair
}

/** Makes an authority of its own, and certificates by it, with openssl. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const openssl = async (...args: string[]): Promise<void> => {
    await run('openssl', args, { cwd: folder })
  }
  const authority = async (name: string): Promise<string> => {
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`]
    await openssl('req', '-x509', ...key, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`)
    return await readFile(join(folder, `${name}.pem`), 'utf8')
  }
  const signed = async (name: string, days: string, hosts: string): Promise<KeyPair> => {
    const files = { key: `${name}.key`, request: `${name}.csr`, cert: `${name}.pem`, hosts: `${name}.ext` }
    const newKey = ['-newkey', 'rsa:2048', '-nodes', '-keyout', files.key]
    await openssl('req', ...newKey, '-out', files.request, '-subj', '/CN=broker')
    await writeFile(join(folder, files.hosts), `subjectAltName=${hosts}\n`)
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
    await openssl(
      'x509',
      '-req',
      '-in',
      files.request,
      ...by,
      '-out',
      files.cert,
      '-days',
      days,
      '-extfile',
      files.hosts
    )
    const key = await readFile(join(folder, files.key), 'utf8')
    const cert = await readFile(join(folder, files.cert), 'utf8')
    const file = join(folder, `${name}.keystore.pem`)
    await writeFile(file, key + cert)
    return { key, cert, file }
  }
  const here = 'IP:127.0.0.1,DNS:localhost'
  return {
    ca: await authority('ca'),
    otherCa: await authority('other-ca'),
    valid: await signed('valid', '2', here),
    expired: await signed('expired', '-1', here),
    elsewhere: await signed('elsewhere', '2', 'DNS:kafka.example')
  }
}
