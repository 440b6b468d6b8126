/** Writes a value as the statements of one database have it, `NULL` if it is none. Throws on what has no form (an invalid Date, a cycle). */
export type ValueEncoder = (value: unknown) => string
