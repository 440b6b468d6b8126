/** One replay, as the reference implementation answered it. */
export interface ConformanceCase {
  readonly name: string
  readonly topology: string
  readonly config: Readonly<Record<string, string | number>>
  readonly inputs: readonly (InputStep | { readonly advanceWallClock: number })[]
  readonly outputTopics: readonly string[]
  readonly outputs: readonly (OutputRecord & { readonly step: number; readonly topic: string })[]
  readonly stores?: Readonly<Record<string, readonly StoreRow[]>>
  readonly internalTopics?: Readonly<Record<string, readonly InternalRecord[]>>
}

export interface InputStep {
  readonly topic: string
  readonly key: string | null
  readonly value: Json
  readonly timestamp: number
  readonly headers?: HeaderTexts
}

export type HeaderTexts = Readonly<Record<string, string | null>>

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json }

export interface OutputRecord {
  readonly key: Json
  readonly value: Json
  readonly timestamp: number
  readonly headers?: HeaderTexts
}

export interface StoreRow {
  readonly key: Json
  readonly value?: Json
  readonly timestamp?: number
  readonly [more: string]: Json | undefined
}

/** Bytes: text where printable, else hex. */
export interface InternalRecord {
  readonly step: number
  readonly key: BytesText
  readonly value: BytesText
  /** Null: that of the producer's clock. */
  readonly timestamp: number | null
  readonly headers?: Readonly<Record<string, BytesText>>
}

export type BytesText = string | { readonly hex: string } | null
