/** A table for people: numbers to the right, what is missing as `-`. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[]
): string {
  const numeric = head.map((_, column) => rows.every((row) => typeof row[column] !== 'string'))
  const lines = [head, ...rows.map((row) => head.map((_, column) => String(row[column] ?? '-')))]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          numeric[column] ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number)
        )
        .join('  ')
        .trimEnd()
        .concat('\n')
    )
    .join('')
}
