import { type PsObject, type PsValue, Scalar } from '../objects/value.ts';
import { cellText, cutText, padText, textWidth } from './cell.ts';
import { columnValue, type ViewColumn } from './view.ts';

/** How many rows decide the widths: a table of any length streams after them. */
export const MEASURED_ROWS = 256;

/** A table's columns with their widths. */
export interface TableLayout {
  readonly columns: readonly (ViewColumn & { readonly width: number })[];
}

/** Widths that fit the measured rows into `width` columns; columns that do not fit are left out. */
export function layOut(
  columns: readonly ViewColumn[],
  rows: readonly PsObject[],
  width: number,
): TableLayout {
  const laid: (ViewColumn & { readonly width: number })[] = [];
  let left = width;
  for (const column of columns) {
    const values = rows.map((row) => columnValue(column, row));
    const wanted = Math.max(
      textWidth(column.label),
      ...values.map((value) => textWidth(cellText(value))),
    );
    const align = column.align ?? (values.length > 0 && values.every(isNumber) ? 'right' : 'left');
    const given = Math.min(wanted, left);
    if (given < Math.min(wanted, 3)) break;
    laid.push({ ...column, align, width: given });
    left -= given + 1;
  }
  return { columns: laid };
}

/** Names and dashes. */
export function tableHead({ columns }: TableLayout): string[] {
  const labels = columns.map(({ label, width, align }) => pad(label, width, align));
  const dashes = columns.map(({ label, width, align }) =>
    pad('-'.repeat(Math.min(textWidth(label), width)), width, align),
  );
  return [labels, dashes].map((cells) => cells.join(' ').trimEnd());
}

export function tableRow({ columns }: TableLayout, row: PsObject): string {
  const cells = columns.map((column) =>
    pad(cellText(columnValue(column, row)), column.width, column.align),
  );
  return cells.join(' ').trimEnd();
}

function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  return padText(cutText(text, width), width, align);
}

function isNumber(value: PsValue): boolean {
  if (value instanceof Scalar) return typeof value.value !== 'string' && value.type !== 'Char';
  return typeof value === 'number' || typeof value === 'bigint';
}
