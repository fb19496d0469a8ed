import type { PsObject } from '../objects/value.ts';
import { cellText, padText, textWidth } from './cell.ts';
import { columnValue, type ViewColumn } from './view.ts';

/** An object as `Name : value` lines, long values broken under themselves. */
export function listBlock(
  columns: readonly ViewColumn[],
  object: PsObject,
  width: number,
): string[] {
  const indent = Math.max(0, ...columns.map(({ label }) => textWidth(label)));
  const room = Math.max(8, width - indent - 3);
  return columns.flatMap((column) => {
    const [first = '', ...more] = broken(cellText(columnValue(column, object)), room);
    const head = `${padText(column.label, indent, 'left')} : ${first}`.trimEnd();
    return [head, ...more.map((line) => ' '.repeat(indent + 3) + line)];
  });
}

function broken(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const char of text) {
    const width = textWidth(char);
    if (used + width > room) {
      lines.push(line);
      line = '';
      used = 0;
    }
    line += char;
    used += width;
  }
  return [...lines, line];
}
