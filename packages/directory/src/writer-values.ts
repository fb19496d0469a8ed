import type { Rdn } from './dn.ts';
import type { AttributeInput, Modification, Value } from './entry.ts';
import type { StoredAttributes, StoredValue } from './record.ts';
import type { Schema } from './schema/schema.ts';
import { refused } from './values.ts';

/** distinguishedName is computed: each way to write it is refused in its own way. */
export function refuseName({ attribute, operation }: Modification): void {
  if (attribute.toLowerCase() !== 'distinguishedname' || operation === 'replace') return;
  throw refused('unwillingToPerform', { name: attribute }, 'is computed by the directory');
}

/** Whether a new entry is to be one of the schema's objects. */
export function isSchemaObject({ objectClass = [] }: AttributeInput): boolean {
  const names = isValue(objectClass) ? [objectClass] : objectClass;
  return names.some((name) => name === 'attributeSchema' || name === 'classSchema');
}

/** Whether a modification has changed nothing: such a one leaves no trace. */
export function isSame(now: StoredAttributes, before: StoredAttributes): boolean {
  if (now.size !== before.size) return false;
  for (const [code, values] of now) {
    const old = before.get(code);
    if (old === values) continue;
    if (old?.length !== values.length || !values.every((value, at) => equal(value, old[at]))) {
      return false;
    }
  }
  return true;
}

function equal(a: StoredValue, b: StoredValue | undefined): boolean {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return a === b;
  return Buffer.compare(a, b) === 0;
}

/** Whether an attribute is given one value alone. */
export function isValue(value: Value | readonly Value[]): value is Value {
  return typeof value === 'string' || value instanceof Uint8Array;
}

/** Those of values that are text. */
export function textValues(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}

/**
 * What is of this controller alone (FLAG_ATTR_NOT_REPLICATED) changes neither uSNChanged nor
 * whenChanged: those who follow the directory's changes are told nothing by a logon.
 */
export function isLocal({ attribute }: Modification): boolean {
  return LOCAL_ATTRIBUTES.has(attribute.toLowerCase());
}

const LOCAL_ATTRIBUTES: ReadonlySet<string> = new Set([
  'badpwdcount',
  'badpasswordtime',
  'lastlogoff',
  'lastlogon',
  'logoncount',
]);

/** A name as names are shown: the usual types of RFC 4514 §3 in capitals. */
export function shownRdn(schema: Schema, { type, value }: Rdn): Rdn {
  const name = schema.attribute(type)?.name ?? type;
  return { type: SHORT_TYPES.has(name) ? name.toUpperCase() : name, value };
}

const SHORT_TYPES: ReadonlySet<string> = new Set(['c', 'cn', 'dc', 'l', 'o', 'ou', 'st']);
