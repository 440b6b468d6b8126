import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { apiPages } from './api-pages.ts'
import { commandLinePage } from './command-line-page.ts'
import { configurationPage } from './configuration-page.ts'
import { errorsPage } from './errors-page.ts'
import { licencesPage } from './licences-page.ts'

/** `npx vitest run test/docs/reference.test.ts -u` writes the pages anew. */
it('docs/reference/configuration.md has every setting, as it is declared and as it holds', async () => {
  await expect(configurationPage()).toMatchFileSnapshot('../../docs/reference/configuration.md')
})

it('docs/reference/command-line.md has every command and exit code', async () => {
  await expect(commandLinePage()).toMatchFileSnapshot('../../docs/reference/command-line.md')
})

it('docs/errors.md has every error code, what happened and what to do', async () => {
  await expect(errorsPage()).toMatchFileSnapshot('../../docs/errors.md')
})

const api = apiPages()

it.each([...api.keys()])(
  'docs/reference/api/%s has what is exported, and what is said of it',
  async (file) => {
    await expect(api.get(file)).toMatchFileSnapshot(`../../docs/reference/api/${file}`)
  }
)

it('docs/licences.md has every dependency and its licence', async () => {
  await expect(licencesPage()).toMatchFileSnapshot('../../docs/licences.md')
})

it('a licence that is not allowed, or not known, is noticed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'licences-'))
  try {
    const lock = (zod: object) => {
      const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
      const file = join(folder, 'package-lock.json')
      writeFileSync(file, JSON.stringify({ packages: { ...packages, 'node_modules/zod': zod } }))
      return file
    }
    expect(() => licencesPage(lock({ version: '9', license: 'AGPL-3.0' }))).toThrow(/zod 9.*AGPL-3.0/)
    // allowed to what is not handed on only
    expect(() => licencesPage(lock({ version: '9', license: 'MPL-2.0' }))).toThrow('MPL-2.0')
    expect(() => licencesPage(lock({ version: '9' }))).toThrow('unknown')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
