import { AdminError } from '../errors.ts';
import { MAX_LIST_LINES } from '../limits.ts';

/** One row of a list: a target, a middle, or which middle to which target. */
export interface ListRow {
  /** Counted from 1. */
  readonly line: number;
  readonly target: string | undefined;
  readonly middle: string | undefined;
}

/**
 * Reads a list: one target a line, or CSV whose first line names a column `target` or `middle`, or
 * both (RFC 4180). Empty lines, and lines that begin with `#` outside of CSV, are passed over.
 *
 * Throws AdminError `usage`, which names the line.
 */
export function parseList(text: string, argument?: string): readonly ListRow[] {
  const lines = text.replace(/^\uFEFF/, '');
  const header = headerOf(lines);
  const rows = header === undefined ? plainRows(lines) : csvRows(lines, header, argument);
  if (rows.length > MAX_LIST_LINES) {
    throw new AdminError('usage', `the list has more than ${MAX_LIST_LINES} lines`, { argument });
  }
  return rows;
}

/** Where the columns are, and what separates them. */
interface Header {
  readonly separator: string;
  readonly target: number;
  readonly middle: number;
}

/** A first line that names our columns; a list of names alone has none. */
function headerOf(text: string): Header | undefined {
  const first = text.split(/\r?\n/, 1)[0] ?? '';
  for (const separator of [',', ';', '\t']) {
    const [cells = []] = records(first, separator).all;
    const names = cells.map((cell) => cell.text.trim().toLowerCase());
    const [target, middle] = [names.indexOf('target'), names.indexOf('middle')];
    if (target >= 0 || middle >= 0) return { separator, target, middle };
  }
  return undefined;
}

function plainRows(text: string): readonly ListRow[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    const target = line.trim();
    return target === '' || target.startsWith('#')
      ? []
      : { line: at + 1, target, middle: undefined };
  });
}

function csvRows(
  text: string,
  { separator, target, middle }: Header,
  argument: string | undefined,
): readonly ListRow[] {
  const { all, brokenAt } = records(text, separator);
  if (brokenAt !== undefined) {
    const message = `line ${brokenAt}: a quote is not closed, or is followed by more than a comma`;
    throw new AdminError('usage', message, { argument });
  }
  const rows: ListRow[] = [];
  for (const cells of all.slice(1)) {
    const [first] = cells;
    if (first === undefined || cells.every((cell) => cell.text.trim() === '')) continue;
    const at = (column: number): string | undefined => cells[column]?.text.trim();
    const row = { line: first.line, target: at(target), middle: at(middle) };
    const empty = (column: number, cell: string | undefined): boolean =>
      column >= 0 && (cell === undefined || cell === '');
    if (empty(target, row.target) || empty(middle, row.middle)) {
      const name = empty(target, row.target) ? 'target' : 'middle';
      throw new AdminError('usage', `line ${row.line}: the column ${name} is empty`, { argument });
    }
    rows.push(row);
  }
  return rows;
}

interface Cell {
  readonly text: string;
  readonly line: number;
}

/** The records of a text, and the line from which on it is none. */
interface Records {
  readonly all: readonly (readonly Cell[])[];
  readonly brokenAt: number | undefined;
}

/** Cells may stand in quotes, with separators, line ends and doubled quotes (RFC 4180 §2). */
function records(text: string, separator: string): Records {
  const plain = `[^${separator}"\\r\\n]*`;
  const pattern = new RegExp(`(?:"((?:[^"]|"")*)"|(${plain}))(${separator}|\\r?\\n|$)`, 'gy');
  const all: Cell[][] = [];
  let record: Cell[] = [];
  let line = 1;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) return { all, brokenAt: line };
    const [whole, quoted, bare = '', end = ''] = match;
    record.push({ text: quoted === undefined ? bare : quoted.replaceAll('""', '"'), line });
    line += whole.split('\n').length - 1;
    if (end === separator) continue;
    all.push(record);
    record = [];
  }
  if (record.length > 0) all.push(record);
  return { all, brokenAt: undefined };
}
