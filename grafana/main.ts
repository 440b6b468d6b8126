import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dashboards, dashboardText } from './dashboards.ts'

// writes the dashboards to grafana/json: npm run dashboards
for (const [name, dashboard] of Object.entries(dashboards))
  await writeFile(join(import.meta.dirname, 'json', `${name}.json`), dashboardText(dashboard))
