/** Wakes one waiter. A signal given while nobody waits is kept for the next one. */
export class Signal {
  #raised = false
  #wake: (() => void) | undefined

  raise(): void {
    this.#raised = true
    this.#wake?.()
  }

  /** Resolves when the signal was raised since the last wait, or after `timeoutMs` (never, if not given). */
  wait(timeoutMs?: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const wake = (): void => {
        clearTimeout(timer)
        this.#wake = undefined
        this.#raised = false
        resolve()
      }
      if (this.#raised) return wake()
      this.#wake = wake
      if (timeoutMs !== undefined) timer = setTimeout(wake, timeoutMs)
    })
  }
}
