import type { Draft } from './draft.ts';
import type { Modification } from './entry.ts';
import type { LinkTable } from './links.ts';
import type { StoredValue } from './record.ts';
import type { AttributeType, Schema } from './schema/schema.ts';
import { refused, storedValues, valueKey, type Resolver } from './values.ts';

/** A link to be made or removed once the entry is written. */
export interface LinkChange {
  readonly type: AttributeType;
  readonly target: number;
  readonly operation: 'add' | 'remove';
}

/** What a modification is applied with. */
export interface ModifyContext {
  readonly schema: Schema;
  readonly links: LinkTable;
  readonly resolve: Resolver;
  /** Values to add that are there, and values to delete that are not, are passed over. */
  readonly permissive?: boolean;
}

/** Applies one modification (RFC 4511 §4.6) to a draft; changes of links are returned. */
export function applyModification(
  context: ModifyContext,
  draft: Draft,
  type: AttributeType,
  modification: Modification,
): LinkChange[] {
  if (modification.operation === 'add' && modification.values.length === 0) {
    throw refused('constraintViolation', type, 'is given no value to add');
  }
  if (type.singleValued && modification.values.length > 1) refuseSecondValue(type, modification);
  const given = storedValues(context.schema, type, modification.values, context.resolve);
  const values =
    context.permissive === true ? effective(context, draft, type, modification, given) : given;
  if (values === undefined) return [];
  if (type.forwardLink) return linkChanges(context, draft.id, type, modification.operation, values);
  const next = changed(type, draft.attributes.get(type.code) ?? [], modification.operation, values);
  if (next.length === 0) draft.attributes.delete(type.code);
  else draft.attributes.set(type.code, next);
  return [];
}

/** Values to add are told apart from others; so are all that the account database checks first. */
function refuseSecondValue(type: AttributeType, { operation }: Modification): void {
  const found = operation === 'add' || ACCOUNT_FIELDS.has(type.name);
  const code = found ? 'attributeOrValueExists' : 'constraintViolation';
  throw refused(code, type, 'has one value at most');
}

const ACCOUNT_FIELDS: ReadonlySet<string> = new Set([
  'accountExpires',
  'groupType',
  'primaryGroupID',
  'pwdLastSet',
  'sAMAccountName',
  'userAccountControl',
]);

/**
 * The values of a permissive modification that change something; undefined: none do
 * (MS-ADTS 3.1.1.3.4.1.8).
 */
function effective(
  { links }: ModifyContext,
  draft: Draft,
  type: AttributeType,
  { operation }: Modification,
  values: readonly StoredValue[],
): readonly StoredValue[] | undefined {
  if (operation === 'replace') return values;
  const present = type.forwardLink
    ? links.targets(draft.id, type)
    : (draft.attributes.get(type.code) ?? []);
  if (values.length === 0)
    return present.length === 0 && operation === 'delete' ? undefined : values;
  const keys = new Set([...present].map((value) => valueKey(type, value)));
  const left = values.filter(
    (value) => keys.has(valueKey(type, value)) === (operation === 'delete'),
  );
  return left.length === 0 ? undefined : left;
}

function changed(
  type: AttributeType,
  present: readonly StoredValue[],
  operation: Modification['operation'],
  values: readonly StoredValue[],
): readonly StoredValue[] {
  switch (operation) {
    case 'add':
      return added(type, present, values);
    case 'delete':
      return without(type, present, values);
    case 'replace':
      return values;
    default:
      throw new TypeError(`operation ${String(operation)}`);
  }
}

function added(
  type: AttributeType,
  present: readonly StoredValue[],
  values: readonly StoredValue[],
): readonly StoredValue[] {
  const keys = new Set(present.map((value) => valueKey(type, value)));
  const clash = values.some((value) => keys.has(valueKey(type, value)));
  if (clash || (type.singleValued && present.length > 0)) {
    throw refused('attributeOrValueExists', type, 'has a value already');
  }
  return [...present, ...values];
}

/** Exactly the values given must be there: what makes delete-old and add-new safe from races. */
function without(
  type: AttributeType,
  present: readonly StoredValue[],
  values: readonly StoredValue[],
): readonly StoredValue[] {
  if (present.length === 0) throw refused('noSuchAttribute', type, 'is not there');
  const gone = new Set(values.map((value) => valueKey(type, value)));
  const left = present.filter((value) => !gone.has(valueKey(type, value)));
  if (left.length !== present.length - gone.size) {
    throw refused('noSuchAttribute', type, 'has no such value');
  }
  return gone.size === 0 ? [] : left;
}

function linkChanges(
  { links }: ModifyContext,
  owner: number,
  type: AttributeType,
  operation: Modification['operation'],
  values: readonly StoredValue[],
): LinkChange[] {
  const targets = values.filter((value) => typeof value === 'number');
  if (operation === 'add') {
    if (type.singleValued && links.hasAny(owner, type)) {
      throw refused('attributeOrValueExists', type, 'has a value already');
    }
    return targets.map((target) => ({ type, target, operation: 'add' }));
  }
  if (operation === 'delete' && targets.length > 0) {
    return targets.map((target) => ({ type, target, operation: 'remove' }));
  }
  const present = links.targets(owner, type);
  if (operation === 'delete' && present.length === 0) {
    throw refused('noSuchAttribute', type, 'is not there');
  }
  const wanted = new Set(targets);
  const had = new Set(present);
  return [
    ...present
      .filter((target) => !wanted.has(target))
      .map((target) => ({ type, target, operation: 'remove' as const })),
    ...targets
      .filter((target) => !had.has(target))
      .map((target) => ({ type, target, operation: 'add' as const })),
  ];
}
