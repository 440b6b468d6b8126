/** A figure of a row with its contribution's sign. Never -0, which JSON would write as 0 and which equals no 0 in a test. */
export function signed(sign: 1 | -1, figure: number): number {
  return sign === 1 || figure === 0 ? figure : -figure
}
