import { itemsOf } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import {
  PsDictionary,
  PsObject,
  type PsValue,
  Scalar,
  SecureText,
} from '@doublehop/powershell/objects/value';

/** Objects inside objects that are shown as such, as ConvertTo-Json's -Depth. */
const DEPTH = 4;

/** A value as JSON has it: objects by their properties; what is too deep by its text. */
export function jsonValue(value: PsValue, depth = DEPTH): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  // Numbers of more than 53 bits would come out as others.
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`;
  if (value instanceof Scalar) return typeof value.value === 'number' ? value.value : toText(value);
  if (value instanceof SecureText) return null;
  if (depth <= 0) return toText(value);
  if (value instanceof PsDictionary) return entries(value, depth);
  const items = itemsOf(value);
  if (items !== undefined) return items.map((item) => jsonValue(item, depth - 1));
  if (!(value instanceof PsObject)) return toText(value);
  const { base } = value;
  if (base?.kind === 'primitive') return jsonValue(base.value, depth);
  if (base?.kind === 'dictionary') return entries(base.entries, depth);
  const hidden = new Set(['pscomputername', 'runspaceid', 'psshowcomputername']);
  return Object.fromEntries(
    [...value.properties()]
      .filter(({ name }) => !hidden.has(name.toLowerCase()))
      .map((one) => [one.name, jsonValue(one.value, depth - 1)]),
  );
}

function entries(table: PsDictionary, depth: number): unknown {
  return Object.fromEntries(
    [...table.entries()].map(([key, value]) => [toText(key), jsonValue(value, depth - 1)]),
  );
}
