import { PsObject, type PsValue } from '../objects/value.ts';

/** One column of a table or line of a list. */
export interface ViewColumn {
  readonly label: string;
  /** Property it shows, if `value` does not say how. */
  readonly property?: string;
  readonly value?: (object: PsObject) => PsValue;
  readonly align?: 'left' | 'right';
}

/** How objects of a type are shown when nobody says otherwise. */
export interface View {
  readonly typeName: string;
  readonly kind: 'table' | 'list';
  readonly columns: readonly ViewColumn[];
}

/** A table or list of more than four properties is a list (about_Format.ps1xml). */
const TABLE_PROPERTIES = 4;

/** The view for an object: that of its type, or one of all its properties. */
export function viewOf(object: PsObject, views: readonly View[]): View {
  const names = object.typeNames.map((name) => name.replace(/^Deserialized\./u, ''));
  for (const typeName of names) {
    const view = views.find((one) => one.typeName === typeName);
    if (view !== undefined) return view;
  }
  const columns = propertyColumns(object);
  const kind = columns.length > TABLE_PROPERTIES ? 'list' : 'table';
  return { typeName: names[0] ?? '', kind, columns };
}

/** A column for each property, but not those that say only where an object came from. */
export function propertyColumns(object: PsObject): ViewColumn[] {
  const hidden = new Set(['pscomputername', 'runspaceid', 'psshowcomputername']);
  return [...object.properties()]
    .filter(({ name }) => !hidden.has(name.toLowerCase()))
    .map(({ name }) => ({ label: name, property: name }));
}

/** What a column shows of an object. */
export function columnValue({ label, property = label, value }: ViewColumn, of: PsObject): PsValue {
  return value === undefined ? (of.get(property) ?? null) : value(of);
}

/** Whether a value is shown as properties, and not as its text. */
export function hasProperties(value: PsValue): value is PsObject {
  return (
    value instanceof PsObject &&
    value.base?.kind !== 'primitive' &&
    value.properties().next().done !== true
  );
}
