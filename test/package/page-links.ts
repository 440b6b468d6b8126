import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** The files and folders that a page links, as paths of the repository. */
export function pageLinks(page: string): readonly string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '')
  return [...text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)].map(([, link = '']) =>
    normalize(join(dirname(page), link))
  )
}
