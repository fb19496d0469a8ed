/** Columns, each as wide as its longest cell, two blanks apart; the last one as long as it is. */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) =>
    Math.max(...lines.map((row) => width(row[column] ?? ''))),
  );
  return lines
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : pad(cell, widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** A text of a directory for a terminal: no control characters. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

function pad(text: string, size: number): string {
  return text + ' '.repeat(Math.max(0, size - width(text)));
}

/** Characters as people count them: an umlaut of two code points is one. */
function width(text: string): number {
  return Array.from(text.normalize('NFC')).length;
}
