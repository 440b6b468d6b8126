import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'

/*
 * npm run build: makes dist, what the package runs. Beside what the compiler writes, modules read files that are none: pages, lock files.
 */

/** Files that modules read. The compiler knows nothing of them; bin/store-sku.js is what starts what is built. */
export function filesToCopy(): readonly string[] {
  const folders = '{core,kafka,state,sinks,processors,topology,runtime,http,ingest,bin}'
  return globSync(join(folders, '**/*.*'))
    .filter((path) => !path.endsWith('.ts') && path !== join('bin', 'store-sku.js'))
    .sort()
}

if (import.meta.main) {
  await rm('dist', { recursive: true, force: true })
  execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
  for (const path of filesToCopy()) await cp(path, join('dist', path))
}
