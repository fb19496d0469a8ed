import { baseOf, itemsOf, propertyOf } from '../objects/convert.ts';
import { toText, typeNameOf } from '../objects/text.ts';
import { PsDictionary, PsObject, type PsValue, Scalar } from '../objects/value.ts';
import { numeric } from './arithmetic.ts';
import type { Bounds } from './bounds.ts';
import { cannotConvert, runtimeError } from './script-error.ts';

/**
 * `target.name`: a property; of a list that has none of that name, the property of each item
 * (about_Member-Access_Enumeration). What does not exist is null.
 */
export function readMember(target: PsValue, name: string, bounds: Bounds): PsValue {
  bounds.spend();
  const own = propertyOf(target, name);
  if (own !== undefined) return own;
  const items = itemsOf(target);
  if (items === undefined) return null;
  bounds.places(items.length);
  const values = items.flatMap((item): readonly PsValue[] => {
    const value = propertyOf(item, name);
    return value === undefined ? [] : (itemsOf(value) ?? [value]);
  });
  if (values.length > 1) return bounds.made(values);
  return values[0] ?? null;
}

/** `target.name = value`. Throws CommandFailure if there is no such property. */
export function writeMember(target: PsValue, name: string, value: PsValue, bounds: Bounds): void {
  const plain = baseOf(target);
  if (plain instanceof PsDictionary) plain.set(name, value);
  else if (target instanceof PsObject && target.has(name)) setProperty(target, name, value);
  else {
    const message =
      `The property '${name}' cannot be found on this object. Verify that the property exists ` +
      'and can be set.';
    throw runtimeError(message, 'PropertyNotFound');
  }
  bounds.made(target);
}

function setProperty(object: PsObject, name: string, value: PsValue): void {
  const lower = name.toLowerCase();
  for (const property of object.properties()) {
    if (property.name.toLowerCase() === lower) {
      object.set(property.name, value, property.kind);
      return;
    }
  }
}

/** `target[index]`; a list as index gives a list. What is outside is null. */
export function readIndex(target: PsValue, index: PsValue, bounds: Bounds): PsValue {
  const plain = baseOf(target);
  if (plain === null) {
    throw runtimeError('Cannot index into a null array.', 'NullArray');
  }
  const wanted = itemsOf(index);
  if (plain instanceof PsDictionary) {
    if (wanted === undefined) return plain.get(baseOf(index)) ?? null;
    return bounds.made(wanted.map((key) => plain.get(baseOf(key)) ?? null));
  }
  const items = typeof plain === 'string' ? undefined : itemsOf(plain);
  const at = (one: PsValue): PsValue | undefined => {
    const place = indexOf(one);
    if (typeof plain !== 'string') return items?.at(place);
    const code = plain.at(place)?.charCodeAt(0);
    return code === undefined ? undefined : new Scalar('Char', code);
  };
  if (items === undefined && typeof plain !== 'string') {
    throw runtimeError(
      `Unable to index into an object of type ${typeNameOf(plain)}.`,
      'CannotIndex',
    );
  }
  if (wanted === undefined) return at(index) ?? null;
  bounds.places(wanted.length);
  return bounds.made(wanted.map(at).filter((one) => one !== undefined));
}

/** What a list is with one item put in another's place; a dictionary is changed itself. */
export function withIndex(
  target: PsValue,
  index: PsValue,
  value: PsValue,
  bounds: Bounds,
): PsValue {
  const plain = baseOf(target);
  if (plain instanceof PsDictionary) {
    plain.set(baseOf(index), value);
    return bounds.made(target);
  }
  if (plain === null) throw runtimeError('Cannot index into a null array.', 'NullArray');
  const items = typeof plain === 'string' ? undefined : itemsOf(plain);
  if (items === undefined) {
    throw runtimeError(
      `Unable to assign to an index into an object of type ${typeNameOf(plain)}.`,
      'CannotIndex',
    );
  }
  const place = indexOf(index);
  const from = place < 0 ? place + items.length : place;
  if (from < 0 || from >= items.length) {
    throw runtimeError('Index was outside the bounds of the array.', 'IndexOutOfRangeException');
  }
  bounds.places(items.length);
  return bounds.made(items.with(from, value));
}

function indexOf(value: PsValue): number {
  const number = numeric(value);
  if (number !== undefined) return Math.trunc(Number(number.value));
  throw cannotConvert(toText(value), 'System.Int32', 'Input string was not in a correct format.');
}
