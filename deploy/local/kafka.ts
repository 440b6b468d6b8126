import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { javaProgram } from './java.ts'
import { formatData, installKafka, kafkaJavaArgs } from './kafka-installation.ts'
import { probeKafka } from './kafka-probe.ts'
import { serverProperties } from './kafka-settings.ts'
import { choosePort } from './ports.ts'
import type { LocalService } from './service.ts'

export const kafka: LocalService = {
  name: 'kafka',
  title: 'Kafka',
  stopSignal: 'SIGTERM',

  async plan({ folder, state, kafkaSettings, report }) {
    const installation = await installKafka(report)
    const settings = { ...(kafkaSettings ?? state?.settings) }
    const port = await choosePort(state?.port)
    const dataFolder = join(folder, 'data')
    const properties = join(folder, 'server.properties')
    await mkdir(folder, { recursive: true })
    await formatData(installation.formatted, dataFolder)
    // nobody remembers the controller's port: the broker beside it is its only client
    const place = { dataFolder, clientPort: port, controllerPort: await choosePort() }
    await writeFile(properties, serverProperties(place, settings))
    return {
      address: `127.0.0.1:${port}`,
      port,
      settings,
      command: {
        command: javaProgram('java'),
        args: kafkaJavaArgs(installation.jars, installation.archiveOptions, properties),
        workingDirectory: folder,
        logFile: join(folder, 'kafka.log')
      }
    }
  },

  probe: (address) => probeKafka(address),

  restartReason({ state, kafkaSettings }) {
    const changed = kafkaSettings !== undefined && !isDeepStrictEqual(kafkaSettings, state?.settings ?? {})
    return changed ? 'its settings have changed' : undefined
  }
}
