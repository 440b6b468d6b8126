/**
 * The name of a thread's member, producer and connections. The first thread has the process's own, so that a process goes on in its place
 * whatever its number of threads was before.
 */
export function threadClientId(applicationId: string, processId: string, thread: number): string {
  const name = `${applicationId}-${processId}`
  return thread === 1 ? name : `${name}-${thread}`
}
