import { expect, it } from 'vitest'
import { commandLinePage } from './command-line-page.ts'
import { configurationPage } from './configuration-page.ts'
import { errorsPage } from './errors-page.ts'

/** `npx vitest run -u test/docs/reference.test.ts` writes the pages anew. */
it('docs/reference/configuration.md has every setting, as it is declared and as it holds', async () => {
  await expect(configurationPage()).toMatchFileSnapshot('../../docs/reference/configuration.md')
})

it('docs/reference/command-line.md has every command and exit code', async () => {
  await expect(commandLinePage()).toMatchFileSnapshot('../../docs/reference/command-line.md')
})

it('docs/errors.md has every error code, what happened and what to do', async () => {
  await expect(errorsPage()).toMatchFileSnapshot('../../docs/errors.md')
})
