import type { DomainInfo } from './domain.ts';
import { DirectoryError } from './errors.ts';
import type { Draft } from './draft.ts';
import type { Value } from './entry.ts';
import { isShared } from './indexing.ts';
import { needed, type KnownAttributes } from './known-attributes.ts';
import type { StoredAttributes } from './record.ts';
import type { AttributeType, ClassType, Schema } from './schema/schema.ts';
import { matchKey } from './schema/syntax.ts';
import { fold } from './text.ts';
import { contextOf } from './tombstone.ts';
import { refused, Win32 } from './values.ts';
import type { View } from './view.ts';
import { textValues } from './writer-values.ts';

/**
 * Attributes that the schema calls systemOnly though Windows lets clients write them: delegation
 * could not be administered otherwise, nor a group managed service account be made.
 */
const WRITABLE: ReadonlySet<string> = new Set([
  'msDS-AllowedToActOnBehalfOfOtherIdentity',
  'msDS-ClaimIsSingleValued',
  'msDS-ClaimValueType',
  'msDS-ManagedPasswordInterval',
  'objectClass',
]);

/** Kept by access control, which fills it in; an entry without one is not incomplete. */
const NOT_REQUIRED: ReadonlySet<string> = new Set(['nTSecurityDescriptor']);

/** Characters that no account name has (MS-SAMR 3.1.1.8.4). */
const BAD_NAME = /["/\\[\]:|<>+=;?,*\p{Cc}]/u;

/** The type of an attribute that a client may write; throws what AD answers for others. */
export function writableType(
  schema: Schema,
  name: string,
  system: boolean,
  adding?: 'schema' | 'other',
): AttributeType {
  const type = schema.attribute(name);
  if (type === undefined) {
    const what = 'is not an attribute of the schema';
    throw refused('noSuchAttribute', { name }, what, Win32.invalidParameter);
  }
  if (type.secret) throw refused('unwillingToPerform', type, 'is set by its own operations only');
  if (type.constructed || type.backLink) {
    throw refused('constraintViolation', type, 'is computed by the directory');
  }
  // Of the schema's objects everything is said when they are added (MS-ADTS 3.1.1.3.1.1.2).
  const given = adding === 'schema' || (adding === 'other' && type.name === 'systemFlags');
  if (type.systemOnly && !system && !given && !WRITABLE.has(type.name)) {
    throw refused('constraintViolation', type, 'is written by the directory alone');
  }
  return type;
}

/** The class of a new entry: the most specific of those given; the others must be its kind. */
export function structuralClass(schema: Schema, names: readonly string[]): ClassType {
  const types = names.map((name) => {
    const type = schema.classType(name);
    if (type !== undefined) return type;
    // MS-ADTS 3.1.1.5.2.2 has this, not objectClassViolation.
    throw refused('noSuchAttribute', { name }, 'is no class', Win32.invalidParameter);
  });
  const deepest = deepestClass(schema, types);
  for (const type of types) {
    if (type.category === 'auxiliary' || schema.isKindOf(deepest, type.name)) continue;
    const what = `${deepest.name} is not a kind of ${type.name}`;
    throw new DirectoryError('objectClassViolation', what);
  }
  return deepest;
}

/** Classes that entries are made of; those of 1988 are structural too (MS-ADTS 3.1.1.1.5). */
export function isInstantiable({ category }: ClassType): boolean {
  return category === 'structural' || category === '88';
}

function deepestClass(schema: Schema, types: readonly ClassType[]): ClassType {
  const [first, ...others] = types.filter(isInstantiable);
  if (first !== undefined) {
    return others.reduce((a, b) => (schema.isKindOf(b, a.name) ? b : a), first);
  }
  // ERROR_DS_CANT_ADD... of MS-ADTS 3.1.1.5.2.2: abstract classes have no entries of their own.
  const abstract = types.find((type) => type.category === 'abstract' && type.name !== 'top');
  if (abstract !== undefined) {
    throw new DirectoryError('unwillingToPerform', `${abstract.name} has no entries of its own`);
  }
  throw new DirectoryError('objectClassViolation', 'no structural class is given');
}

/** Whether an entry may be where it is asked to be (MS-ADTS 3.1.1.5.2.2). */
export function checkSuperior(schema: Schema, type: ClassType, parent: ClassType): void {
  const allowed = schema.superiors(type);
  if (allowed.some((name) => schema.isKindOf(parent, name))) return;
  throw new DirectoryError('namingViolation', `a ${type.name} cannot be below a ${parent.name}`);
}

/** The link attributes of an entry, whose values are not in its record. */
export interface LinkFacts {
  /** Attributes that get values. */
  readonly added: readonly AttributeType[];
  /** Whether the entry has, or gets, a value of an attribute. */
  has(type: AttributeType): boolean;
}

/** Whether an entry has what its class demands and nothing that it does not allow. */
export function checkContent(
  schema: Schema,
  draft: Draft,
  auxiliary: readonly ClassType[],
  links: LinkFacts,
): void {
  const types = [draft.type, ...auxiliary];
  const allowed = types.map((type) => schema.allowedCodes(type));
  const check = (code: number): void => {
    if (allowed.some((codes) => codes.has(code))) return;
    const type = schema.attributeByCode(code);
    if (type === undefined) throw new TypeError(`entry ${draft.id} has an attribute of no schema`);
    // A defunct attribute may have given its name to another.
    const name = type.name.toLowerCase();
    if (types.some((each) => schema.allowed(each).has(name))) return;
    const what = `is not an attribute of a ${draft.type.name}`;
    throw refused('objectClassViolation', type, what, Win32.attributeNotAllowed);
  };
  for (const code of draft.attributes.keys()) check(code);
  for (const { code } of links.added) check(code);
  for (const type of types.flatMap((each) => schema.required(each))) {
    if (NOT_REQUIRED.has(type.name) || draft.attributes.has(type.code)) continue;
    if (type.forwardLink && links.has(type)) continue;
    throw refused('objectClassViolation', type, 'is missing', Win32.missingRequired);
  }
}

/** Names that accounts are found by belong to one account (MS-ADTS 3.1.1.5.1.3). */
export function checkUnique(
  view: View,
  known: KnownAttributes,
  domain: DomainInfo | undefined,
  draft: Draft,
  before: StoredAttributes | undefined,
): void {
  checkAccountName(view, known, draft, before);
  checkIdentity(view, known, draft, before);
  const others = [
    [known.userPrincipalName, Win32.upnNotUnique],
    [known.servicePrincipalName, Win32.spnNotUnique],
  ] as const;
  for (const [type, win32] of others) {
    const values = draft.attributes.get(type.code) ?? [];
    if (values === before?.get(type.code)) continue;
    for (const value of values) {
      if (typeof value !== 'string' || !isTaken(view, type, value, draft.id)) continue;
      throw refused('constraintViolation', type, `${value} is another account's`, win32);
    }
  }
  if (domain !== undefined) checkImplied(view, known, domain, draft, before);
}

function checkAccountName(
  view: View,
  known: KnownAttributes,
  draft: Draft,
  before: StoredAttributes | undefined,
): void {
  const type = known.samAccountName;
  const values = draft.attributes.get(type.code);
  const [name] = values ?? [];
  if (values === before?.get(type.code) || typeof name !== 'string') return;
  if (name === '' || BAD_NAME.test(name) || fold(name).trim() === '' || name.endsWith('.')) {
    throw refused('constraintViolation', type, 'is no name for an account');
  }
  if (isTaken(view, type, name, draft.id)) {
    throw refused('entryAlreadyExists', type, `${name} is taken`, Win32.userExists);
  }
}

/**
 * A user logs on by `name@domain` too, without a UPN of that form: so nobody else has it as the
 * UPN, nor a UPN whose first part is somebody else's name (MS-KILE 3.3.5.6.1; CVE-2021-42282).
 */
function checkImplied(
  view: View,
  known: KnownAttributes,
  { dnsName }: DomainInfo,
  draft: Draft,
  before: StoredAttributes | undefined,
): void {
  const changed = (type: AttributeType): string | undefined => {
    const values = draft.attributes.get(type.code);
    const [value] = values ?? [];
    return values !== before?.get(type.code) && typeof value === 'string' ? value : undefined;
  };
  const name = changed(known.samAccountName);
  const upn = changed(known.userPrincipalName);
  if (name === undefined && upn === undefined) return;
  const implied = `${name ?? ''}@${dnsName}`;
  if (name !== undefined && isTaken(view, known.userPrincipalName, implied, draft.id)) {
    const what = `${implied} is another account's`;
    throw refused('constraintViolation', known.userPrincipalName, what, Win32.upnNotUnique);
  }
  const at = upn?.lastIndexOf('@') ?? -1;
  const isHere = at < 0 || fold(upn?.slice(at + 1) ?? '') === fold(dnsName);
  if (upn === undefined || !isHere) return;
  const account = at < 0 ? upn : upn.slice(0, at);
  if (isTaken(view, known.samAccountName, account, draft.id)) {
    const what = `${account} is another account's`;
    throw refused('entryAlreadyExists', known.samAccountName, what, Win32.userExists);
  }
}

/** SIDs and GUIDs that the system gives an entry itself, as when it restores one. */
function checkIdentity(
  view: View,
  known: KnownAttributes,
  draft: Draft,
  before: StoredAttributes | undefined,
): void {
  for (const type of [known.objectSid, known.objectGuid]) {
    const values = draft.attributes.get(type.code);
    const [value] = values ?? [];
    if (values === before?.get(type.code) || !(value instanceof Uint8Array)) continue;
    if (isTakenHere(view, type, value, draft)) {
      throw refused('entryAlreadyExists', type, 'is that of another entry', Win32.userExists);
    }
  }
}

/** The same within the naming context, for values that several entries may have. */
function isTakenHere(view: View, type: AttributeType, value: Uint8Array, draft: Draft): boolean {
  if (!isShared(type, matchKey(type.syntax, value))) return isTaken(view, type, value, draft.id);
  const context = contextOf(view, draft.parentId)?.id;
  for (const id of view.withValue(type, value)) {
    if (id !== draft.id && contextOf(view, id)?.id === context) return true;
  }
  return false;
}

function isTaken(view: View, type: AttributeType, value: Value, by: number): boolean {
  const owner = view.onlyWithValue(type, value);
  return owner !== undefined && owner !== by;
}

/** A value given for the attribute that names the entry is the name (MS-ADTS 3.1.1.5.2.2). */
export function checkGivenName({ attributes, rdn }: Draft, naming: AttributeType): void {
  const values = attributes.get(naming.code);
  if (values === undefined) return;
  const [value] = values;
  if (values.length === 1 && typeof value === 'string' && fold(value) === fold(rdn.value)) return;
  throw refused('invalidDNSyntax', naming, 'is not the name of the entry');
}

/** An objectCategory that is given is a class (MS-ADTS 3.1.1.5.2.2). */
export function checkCategory(view: View, known: KnownAttributes, { attributes }: Draft): void {
  const type = needed(view.schema, 'objectCategory');
  const [id] = attributes.get(type.code) ?? [];
  if (typeof id !== 'number') return;
  const classes = view.entry(id)?.values(known.objectClass.code) ?? [];
  if (!classes.includes('classSchema')) throw refused('objectClassViolation', type, 'is a class');
}

/** The structural class after a change of objectClass (MS-ADTS 3.1.1.5.3.5). */
export function checkClasses(schema: Schema, draft: Draft): ClassType {
  const names = draft.attributes.get(needed(schema, 'objectClass').code) ?? [];
  const type = structuralClass(schema, textValues(names));
  const kinds = [type.name, draft.type.name].sort();
  if (type === draft.type || kinds.join() === 'inetOrgPerson,user') return type;
  // ERROR_DS_ILLEGAL_MOD_OPERATION.
  throw new DirectoryError('objectClassViolation', 'an entry keeps its structural class', {
    win32: 0x2077,
  });
}
