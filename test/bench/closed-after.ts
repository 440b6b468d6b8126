/** Brokers outlive this process unless they are stopped: also when it is interrupted. */
export async function closedAfter<T>(close: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  const interrupted = (): void => void close().finally(() => process.exit(130))
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    return await work()
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
    await close()
  }
}
