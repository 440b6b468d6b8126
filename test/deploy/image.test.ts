import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

test('what the Dockerfile copies is all that the command line needs', async () => {
  const app = await mkdtemp(join(tmpdir(), 'image-'))
  try {
    const text = await readFile(join(root, 'deploy/Dockerfile'), 'utf8')
    const final = text.slice(text.lastIndexOf('\nFROM '))
    for (const [, list = ''] of final.matchAll(/^COPY (?!--from)(.+)$/gm)) {
      const names = list.split(' ')
      const target = names.pop() ?? ''
      for (const name of names)
        await cp(join(root, name), join(app, target === './' ? name : target), { recursive: true })
    }
    await symlink(join(root, 'node_modules'), join(app, 'node_modules'))
    // as in the image: with its state and none of the repository around it
    const { stdout } = await promisify(execFile)(process.execPath, ['bin/store-sku.js', 'run', '--help'], {
      cwd: app,
      timeout: 25_000
    })
    expect(stdout).toContain('--http [HOST:]PORT')
    const graph = await promisify(execFile)(process.execPath, ['bin/store-sku.js', 'diff'], {
      cwd: app,
      timeout: 25_000
    })
    expect(graph.stdout).not.toBe('')
  } finally {
    await rm(app, { recursive: true, force: true })
  }
}, 60_000)
