import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { exists } from './cache.ts'
import { javaProgram } from './java.ts'
import { endProcess, waitUntilAnswering } from './process.ts'
import { identify } from './process-identity.ts'

const archiveName = 'classes.jsa'

export interface RecordingRun {
  readonly title: string
  readonly javaArgs: readonly string[]
  readonly folder: string
  readonly probe: () => Promise<void>
}

/**
 * Runs a Java service once, so that Java can write down the loaded form of its classes. Later starts map that file
 * instead of loading thousands of classes from jars, which halves their time.
 */
export async function recordClasses(run: RecordingRun): Promise<void> {
  const logFile = `${run.folder}/recording.log`
  const log = await open(logFile, 'a')
  // not detached: an interrupt from the terminal has to end this run too
  const child = spawn(
    javaProgram('java'),
    [
      '-XX:+IgnoreUnrecognizedVMOptions',
      `-XX:ArchiveClassesAtExit=${run.folder}/${archiveName}`,
      ...run.javaArgs
    ],
    { cwd: run.folder, stdio: ['ignore', log.fd, log.fd] }
  )
  try {
    await once(child, 'spawn')
    const identity = child.pid === undefined ? undefined : await identify(child.pid)
    if (identity === undefined) throw new Error(`${run.title} ended at once; see ${logFile}`)
    try {
      await waitUntilAnswering({
        title: run.title,
        process: identity,
        logFile,
        timeoutMs: 120_000,
        probe: run.probe
      })
    } finally {
      await endProcess(identity)
    }
  } finally {
    await log.close()
  }
}

/** Java options that use the archive, if one was made: not every Java can. */
export async function classArchiveOptions(folder: string): Promise<string[]> {
  const archive = `${folder}/${archiveName}`
  return (await exists(archive))
    ? [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off']
    : []
}
