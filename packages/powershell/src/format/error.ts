import type { Position } from '../errors.ts';
import { categoryText, type ErrorRecord } from '../commands/error-record.ts';

/** An error as Windows PowerShell's console shows it, category and id under the words. */
export function errorLines(record: ErrorRecord): string[] {
  const { message, activity, category, errorId, computer, position, inner = [] } = record;
  const words = activity === undefined ? message : `${activity} : ${message}`;
  return [
    ...words.split(/\r?\n/u),
    ...(position === undefined ? [] : [placeOf(position)]),
    ...inner.map((cause) => `    because: ${cause}`),
    `    + CategoryInfo          : ${categoryText(record, category)}`,
    `    + FullyQualifiedErrorId : ${errorId}`,
    ...(computer === undefined ? [] : [`    + PSComputerName        : ${computer}`]),
  ];
}

function placeOf({ file, line, column }: Position): string {
  return `At ${file}:${line} char:${column}`;
}
