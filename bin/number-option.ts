import { StreamsError } from '../index.ts'

/** The number that an option of this name was given. Throws CONFIG_INVALID for anything else than a number from 0 on. */
export function numberOption(name: string, text: string): number {
  const number = Number(text)
  if (text !== '' && number >= 0) return number
  throw new StreamsError('CONFIG_INVALID', `--${name} ${text}: give a number that is not negative`)
}
