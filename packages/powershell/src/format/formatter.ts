import { itemsOf } from '../objects/convert.ts';
import { toText } from '../objects/text.ts';
import { PsDictionary, PsObject, type PsValue } from '../objects/value.ts';
import { listBlock } from './list.ts';
import { layOut, MEASURED_ROWS, type TableLayout, tableHead, tableRow } from './table.ts';
import { hasProperties, type View, type ViewColumn, viewOf } from './view.ts';

export interface FormatterOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly views: readonly View[];
  /** What a Format- command asked for, instead of the type's view. */
  readonly as?: 'table' | 'list';
  readonly columns?: (object: PsObject) => readonly ViewColumn[];
}

/**
 * Makes lines of objects as they come, as PowerShell's console does: text as it is, objects as
 * tables or lists by their type. `push` and `end` give the lines that are ready.
 */
export class Formatter {
  readonly #options: FormatterOptions;
  #view: View | undefined;
  /** Rows of a table whose widths are not settled. */
  #waiting: PsObject[] = [];
  #layout: TableLayout | undefined;

  constructor(options: FormatterOptions) {
    this.#options = options;
  }

  push(value: PsValue): string[] {
    if (value === null) return [];
    if (value instanceof PsDictionary)
      return dictionaryRows(value).flatMap((row) => this.push(row));
    if (!hasProperties(value))
      return [...this.end(), ...plainLines(value, (one) => this.push(one))];
    const view = this.#viewOf(value);
    const before = isSame(view, this.#view) ? [] : [...this.end(), ''];
    this.#view = view;
    return [...before, ...this.#show(value, view)];
  }

  /** Ends the table or list that is under way. */
  end(): string[] {
    if (this.#view === undefined) return [];
    const lines = [...this.#settle(), ''];
    this.#view = undefined;
    this.#layout = undefined;
    return this.#options.as === 'list' ? lines.slice(0, -1) : lines;
  }

  #viewOf(value: PsObject): View {
    const { as, columns, views } = this.#options;
    const view = viewOf(value, views);
    return {
      typeName: view.typeName,
      kind: as ?? view.kind,
      columns: columns?.(value) ?? view.columns,
    };
  }

  #show(object: PsObject, view: View): string[] {
    if (view.kind === 'list') return [...listBlock(view.columns, object, this.#options.width), ''];
    if (this.#layout !== undefined) return [tableRow(this.#layout, object)];
    this.#waiting.push(object);
    return this.#waiting.length < MEASURED_ROWS ? [] : this.#settle();
  }

  #settle(): string[] {
    const rows = this.#waiting;
    const view = this.#view;
    if (rows.length === 0 || view === undefined) return [];
    const layout = layOut(view.columns, rows, this.#options.width);
    this.#layout = layout;
    this.#waiting = [];
    return [...tableHead(layout), ...rows.map((row) => tableRow(layout, row))];
  }
}

/** Lines for values that are all there. */
export function formatValues(values: readonly PsValue[], options: FormatterOptions): string[] {
  const formatter = new Formatter(options);
  return [...values.flatMap((value) => formatter.push(value)), ...formatter.end()];
}

/** One view goes on while its columns are the same. */
function isSame(view: View, other: View | undefined): boolean {
  const labels = ({ columns }: View): string => columns.map(({ label }) => label).join('\n');
  return (
    other !== undefined &&
    view.typeName === other.typeName &&
    view.kind === other.kind &&
    labels(view) === labels(other)
  );
}

function plainLines(value: PsValue, each: (item: PsValue) => string[]): string[] {
  const items = value instanceof Uint8Array ? undefined : itemsOf(value);
  return items === undefined ? toText(value).split(/\r?\n/u) : items.flatMap(each);
}

function dictionaryRows(dictionary: PsDictionary): PsObject[] {
  const typeNames = ['System.Collections.DictionaryEntry', 'System.Object'];
  return [...dictionary.entries()].map(
    ([key, value]) => new PsObject({ typeNames, properties: { Name: key, Value: value } }),
  );
}
