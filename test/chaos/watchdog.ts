/** Ends a run that has come to a standstill, saying where. */
export class Watchdog {
  readonly #idleMs: number
  #describe: () => string = () => 'nothing more is known'
  readonly #barks: Promise<never>
  #bark: (error: Error) => void = () => {}
  #last = performance.now()
  #phase = 'starting'
  #timer: NodeJS.Timeout | undefined

  constructor(idleMs: number) {
    this.#idleMs = idleMs
    this.#barks = new Promise((_, reject) => {
      this.#bark = reject
    })
    // it may bark when nobody is listening
    this.#barks.catch(() => {})
    this.#timer = setInterval(() => this.#look(), 250)
  }

  /** Something happened. */
  touch(what?: string): void {
    this.#last = performance.now()
    if (what !== undefined) this.#describe = () => what
  }

  enter(phase: string): void {
    this.#phase = phase
    this.touch()
  }

  /** Tells the state of affairs when nothing has happened for too long. */
  describeWith(describe: () => string): void {
    this.#describe = describe
  }

  /** Fails what can wait no longer, for a reason that is known. */
  fail(error: Error): void {
    this.#bark(error)
  }

  /** The action's outcome, or the watchdog's, whichever is first. */
  async guard<T>(action: Promise<T>): Promise<T> {
    return await Promise.race([action, this.#barks])
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    if (performance.now() - this.#last < this.#idleMs) return
    this.stop()
    const seconds = Math.round(this.#idleMs / 1000)
    this.#bark(new Error(`nothing happened for ${seconds} s in '${this.#phase}': ${this.#describe()}`))
  }
}
