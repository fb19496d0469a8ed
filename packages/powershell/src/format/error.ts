import { categoryText, type ErrorRecord } from '../commands/error-record.ts';

/** An error as Windows PowerShell's console shows it, category and id under the words. */
export function errorLines(record: ErrorRecord): string[] {
  const { message, activity, category, errorId, computer, inner = [] } = record;
  const words = activity === undefined ? message : `${activity} : ${message}`;
  return [
    ...words.split(/\r?\n/u),
    ...inner.map((cause) => `    because: ${cause}`),
    `    + CategoryInfo          : ${categoryText(record, category)}`,
    `    + FullyQualifiedErrorId : ${errorId}`,
    ...(computer === undefined ? [] : [`    + PSComputerName        : ${computer}`]),
  ];
}
