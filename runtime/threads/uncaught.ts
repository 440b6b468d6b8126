/**
 * What follows when a thread has ended with an error (KIP-671):
 *
 * - `replace-thread`: another one takes its place, and goes on from the last commit
 * - `shutdown-client`: this process stops the application; others go on
 * - `shutdown-application`: all processes do
 */
export type UncaughtResponse = 'replace-thread' | 'shutdown-client' | 'shutdown-application'

/** Called in the main thread. One that throws has answered `shutdown-client`. */
export type UncaughtExceptionHandler = (error: Error) => UncaughtResponse
