/** Where worker threads find the graph: its functions cannot be handed to them, so each imports them for itself. */
export interface ThreadModule {
  /** URL of a module that exports a `StreamThreadFactory` under the name `streamThread`, such as `new URL('./graph.ts', import.meta.url)`. */
  readonly url: string | URL
  /** For that function; copied as `postMessage` copies it. Default: undefined. */
  readonly data?: unknown
}
