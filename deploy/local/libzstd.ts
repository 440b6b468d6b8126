import { join } from 'node:path'
import { exists } from './cache.ts'
import { LocalServiceError } from './errors.ts'

const libraryFolders = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/lib/x86_64-linux-gnu',
  '/lib/aarch64-linux-gnu',
  '/lib64',
  '/lib',
  '/usr/local/lib64',
  '/usr/local/lib',
  '/opt/homebrew/lib'
]

const isMac = process.platform === 'darwin'

/** Where Elasticsearch looks for native libraries, below its lib/platform. */
export function platformFolder(): string {
  return `${isMac ? 'darwin' : 'linux'}-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`
}

export function zstdFileName(): string {
  return isMac ? 'libzstd.dylib' : 'libzstd.so'
}

/** The system's libzstd: Elasticsearch does not start without one, and its own is not in Maven Central. */
export async function findZstd(): Promise<string> {
  // the folder of the machine's own kind comes first where both kinds are installed
  const foreign = process.arch === 'arm64' ? 'x86_64' : 'aarch64'
  const folders = libraryFolders.filter((folder) => !folder.includes(foreign))
  const names = isMac ? ['libzstd.1.dylib', 'libzstd.dylib'] : ['libzstd.so.1', 'libzstd.so']
  for (const folder of folders) {
    for (const name of names) {
      const file = join(folder, name)
      if (await exists(file)) return file
    }
  }
  throw new LocalServiceError(
    'Elasticsearch needs the library libzstd, which was not found. Install it (Debian and Ubuntu: libzstd1, ' +
      'Fedora: libzstd, Alpine: zstd-libs, macOS: brew install zstd), or name a running server in ELASTICSEARCH_URL.'
  )
}
