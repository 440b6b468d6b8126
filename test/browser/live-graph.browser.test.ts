import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Shop, type ShopReplica } from './shop.ts'

/*
 * The live graph in Debian's chromium (or the one that CHROMIUM names), over replicas that are processes and a real broker. One page is opened and
 * never loaded again. With LIVE_PICTURES=1 the pictures in docs/images are taken anew.
 */

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const args =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'
const patience = 90_000
const largestPicture = 200_000
const sales = 150_000

const shop = new Shop()
const problems: string[] = []
let pictures: string
let profile: string
let browser: BrowserContext
let page: Page
let first: ShopReplica
let second: ShopReplica

beforeAll(async () => {
  profile = await mkdtemp(join(tmpdir(), 'store-sku-chromium-'))
  pictures = process.env['LIVE_PICTURES'] === '1' ? 'docs/images' : profile
  await mkdir(pictures, { recursive: true })
  browser = await chromium.launchPersistentContext(join(profile, 'data'), {
    executablePath,
    headless: true,
    args: args.split(' '),
    viewport: { width: 1440, height: 1000 },
    colorScheme: 'light',
    reducedMotion: 'reduce'
  })
  browser.setDefaultTimeout(patience)
  await shop.open()
  first = await shop.replica()
  page = await browser.newPage()
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
  })
  await page.goto(`http://127.0.0.1:${first.port}/live`)
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await shop.close()
  await rm(profile, { recursive: true, force: true })
})

const tile = (name: string) => page.locator(`.tile[data-key="${name}"] strong`)
const focused = (attribute: string) => page.evaluate(`document.activeElement.getAttribute('${attribute}')`)
const happened = (text: string | RegExp) => page.locator('#events li', { hasText: text }).first().waitFor()
const squares = (letter: string, state: string) =>
  page.locator(`.square.${state}`, { has: page.locator('.letter', { hasText: letter }) })

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + patience
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`in ${patience} ms not so: ${what}`)
    await page.waitForTimeout(50)
  }
}

async function picture(name: string): Promise<void> {
  const path = join(pictures, name)
  await page.screenshot({ path })
  expect((await stat(path)).size, name).toBeLessThan(largestPicture)
}

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** What axe says against the page as it stands. */
async function violations(): Promise<readonly string[]> {
  const found = await page.evaluate<readonly Finding[]>(
    `${axe.source}; axe.run().then((all) => all.violations)`
  )
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)
}

async function expectAccessible(): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    expect(await violations(), colorScheme).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
}

it('asks for the token, and takes no other', async () => {
  await page.getByLabel('Token').fill('another token than that')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByText('This is not the token.').waitFor()
  await expectAccessible()
  // refusals are told by the browser, too
  expect(problems.filter((text) => !text.includes('401'))).toEqual([])
  problems.length = 0
  await page.getByLabel('Token').fill(shop.token)
  await page.getByRole('button', { name: 'Show' }).click()
  await page.locator('#connection.live').waitFor()
  await page.evaluate('globalThis.neverLoadedAgain = true')
})

it('shows the graph, its rates and where its tasks run', async () => {
  await until(async () => (await tile('Tasks').textContent()) === '18 of 18', '18 tasks run')
  await shop.sell(sales)
  await until(async () => /^[1-9]/.test((await tile('Records').textContent()) ?? ''), 'records a second')
  await page.locator('.route.flows').first().waitFor({ state: 'attached' })
  expect(await page.locator('.item.part').count()).toBe(3)
  const steps = page.locator('.item.step')
  if ((await steps.count()) === 0) await page.getByRole('button', { name: 'Steps', exact: true }).click()
  expect(await steps.count()).toBe(13)
  await page.getByRole('button', { name: 'Steps', exact: true }).click()
  expect(await steps.count()).toBe(0)
  await until(async () => (await squares('A', 'running').count()) === 18, 'A has all tasks')
}, 180_000)

it('shows a replica that joins', async () => {
  second = await shop.replica()
  await happened(/Replica B .* has joined/)
  await until(async () => (await tile('Replicas').textContent()) === '2', 'two replicas')
  await until(async () => (await squares('B', 'running').count()) >= 9, 'B runs its half')
  expect(await page.locator('#tasks-table tr', { hasText: 'B' }).count()).toBeGreaterThanOrEqual(9)
  await page.locator('.replica', { hasText: `127.0.0.1:${second.port}` }).waitFor()
}, 180_000)

it('shows a dead letter', async () => {
  expect(await tile('Dead letters').textContent()).toBe('0')
  await shop.spoil(2)
  await happened(/2 dead letters \(deserialization\)/)
  expect(await tile('Dead letters').textContent()).toBe('2')
  await page.locator('.item.dead-letters.alarm', { hasText: '2 dead letters' }).waitFor()
}, 120_000)

it('opens the state and metrics of what is chosen, by keyboard and by mouse', async () => {
  await page.locator('.item[tabindex="0"]').focus()
  const before = await focused('data-id')
  await page.keyboard.press('ArrowRight')
  const after = await focused('data-id')
  expect(after).not.toBe(before)
  await page.keyboard.press('Enter')
  expect(await focused('id')).toBe('panel-title')
  await expectAccessible()
  await page.keyboard.press('Escape')
  expect(await page.locator('#panel').isVisible()).toBe(false)
  expect(await focused('data-id')).toBe(after)
  await page.locator('.item.part .label', { hasText: 'Sub-topology 2' }).click()
  await page.locator('#panel h2', { hasText: 'Sub-topology 2' }).waitFor()
  expect(await page.locator('#panel table').first().locator('tbody tr').count()).toBe(6)
  await page.locator('#panel', { hasText: 'sku-units' }).waitFor()
  await page.getByRole('button', { name: 'Show its steps in the picture' }).click()
  expect(await page.locator('.item.step').count()).toBe(2)
}, 120_000)

it('has pictures taken of it, and nothing against it from axe, on a desk and on a phone', async () => {
  const selling = (async () => {
    for (let n = 0; n < 12; n++) await Promise.all([shop.sell(4_000), page.waitForTimeout(700)])
  })()
  await page.getByRole('button', { name: 'Hide its steps in the picture' }).click()
  await page.setViewportSize({ width: 1240, height: 760 })
  await page.waitForTimeout(4_000)
  // one that has waited for the processor may not have answered in time
  await until(async () => (await tile('Tasks').textContent()) === '18 of 18', 'both answer')
  await picture('live-graph.png')
  await page.getByRole('button', { name: 'Close' }).click()
  await page.setViewportSize({ width: 390, height: 844 })
  await page.waitForTimeout(1_200)
  // nothing but the picture itself is wider than the phone
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
  await picture('live-graph-phone.png')
  await expectAccessible()
  await page.setViewportSize({ width: 1440, height: 1000 })
  await expectAccessible()
  await selling
}, 240_000)

it('shows a restore while it lasts, and when it has finished', async () => {
  await shop.end(second)
  await happened(/Replica B .* has left/)
  await Promise.all([
    squares('A', 'restoring').first().waitFor(),
    page.locator('.part.restoring.has-bar').first().waitFor(),
    page.locator('.tile.busy[data-key="Restore"]', { hasText: /[1-9]\d? %/ }).waitFor()
  ])
  await happened(/A .* has restored task/)
  await until(async () => (await tile('Restore').textContent()) === 'done', 'all is restored')
  await until(async () => (await squares('A', 'running').count()) === 18, 'A has all tasks again')
}, 240_000)

it('says when the connection is lost, and that its figures are old', async () => {
  expect(await page.evaluate('globalThis.neverLoadedAgain')).toBe(true)
  expect(problems).toEqual([])
  first.child.kill('SIGKILL')
  await page.locator('#connection.lost', { hasText: 'Connection lost' }).waitFor()
  await page.locator('#main.stale').waitFor()
  await expectAccessible()
}, 120_000)
