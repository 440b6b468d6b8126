#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

// a command is mostly the loading of its modules
enableCompileCache?.()
// the sources where they are, what was built of them where the package is installed
const source = new URL('./store-sku.ts', import.meta.url)
const built = new URL('../dist/bin/store-sku.js', import.meta.url)
const { main } = await import((existsSync(source) ? source : built).href)
await main()
