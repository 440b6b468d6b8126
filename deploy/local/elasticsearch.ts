import { join } from 'node:path'
import { createFolders, elasticsearchJavaArgs, installElasticsearch } from './elasticsearch-installation.ts'
import { probeElasticsearch } from './elasticsearch-probe.ts'
import { javaProgram } from './java.ts'
import { choosePort } from './ports.ts'
import type { LocalService } from './service.ts'

export const elasticsearch: LocalService = {
  name: 'elasticsearch',
  title: 'Elasticsearch',
  stopSignal: 'SIGTERM',

  async plan({ folder, state, report }) {
    const { home, archiveOptions } = await installElasticsearch(report)
    const port = await choosePort(state?.port)
    await createFolders(folder)
    return {
      address: `http://127.0.0.1:${port}`,
      port,
      command: {
        command: javaProgram('java'),
        args: elasticsearchJavaArgs({ home, folder, port }, archiveOptions),
        workingDirectory: folder,
        logFile: join(folder, 'elasticsearch.log')
      }
    }
  },

  probe: probeElasticsearch
}
