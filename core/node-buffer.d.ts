/** Node's undocumented but long-standing Buffer methods without the encoding look-up of `toString` and `write`. */
interface Buffer {
  latin1Slice(start?: number, end?: number): string
  utf8Slice(start?: number, end?: number): string
  utf8Write(text: string, at?: number, length?: number): number
  latin1Write(text: string, at?: number, length?: number): number
}
