import { decodeSid, encodeSid, ridOf } from '@doublehop/security/sid';
import { dnsNameOfDn, parseDn } from './dn.ts';
import type { Value } from './entry.ts';
import { groupsOf, GroupType, type GroupMembership } from './groups.ts';
import { decodeKeys } from './keys-record.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { keysKey, ROOT_ID } from './layout.ts';
import type { StoredEntry } from './record.ts';
import type { View } from './view.ts';

/** What a constructed attribute is computed from. */
export interface Construction {
  readonly view: View;
  readonly known: KnownAttributes;
  readonly entry: StoredEntry;
}

type Rule = (from: Construction) => readonly Value[];

/** Constructed attributes by lower-case name (MS-ADTS 3.1.1.4.5); absent ones have no values. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['allowedattributes', allowedAttributes],
  ['allowedchildclasses', allowedChildClasses],
  ['canonicalname', canonicalName],
  ['createtimestamp', (from) => from.entry.values(from.known.whenCreated.code).filter(isValue)],
  ['modifytimestamp', (from) => from.entry.values(from.known.whenChanged.code).filter(isValue)],
  ['msds-approx-immed-subordinates', childCount],
  ['msds-keyversionnumber', keyVersion],
  ['parentguid', parentGuid],
  ['primarygrouptoken', primaryGroupToken],
  ['structuralobjectclass', structuralClasses],
  ['tokengroups', (from) => tokenGroups(from, () => true)],
  ['tokengroupsglobalanduniversal', (from) => tokenGroups(from, isGlobalOrUniversal)],
  ['tokengroupsnogcacceptable', (from) => tokenGroups(from, () => true)],
]);

/** Children counted before the count is called approximate. */
const MAX_COUNTED = 100_000;

/** The values of a constructed attribute of an entry. */
export function construct(name: string, from: Construction): readonly Value[] {
  return RULES.get(name.toLowerCase())?.(from) ?? [];
}

/** MS-ADTS 3.1.1.4.5.19: SIDs of the transitive groups, the primary one among them. */
function tokenGroups(from: Construction, wanted: (group: GroupMembership) => boolean): Value[] {
  const groups = groupsOf(from.view, from.known, from.entry);
  return groups.filter(wanted).map((group) => encodeSid(group.sid));
}

function isGlobalOrUniversal(group: GroupMembership): boolean {
  return (group.type & (GroupType.global | GroupType.universal)) !== 0;
}

/** MS-ADTS 3.1.1.4.5.5: `contoso.com/Users/Alice`, slashes within names escaped. */
function canonicalName({ view, entry }: Construction): Value[] {
  const dn = parseDn(view.dnOfEntry(entry) ?? '');
  const below = dn.filter((rdn) => rdn.type.toUpperCase() !== 'DC');
  const path = below.map((rdn) => rdn.value.replaceAll('/', '\\/')).toReversed();
  return [`${dnsNameOfDn(dn)}/${path.join('/')}`];
}

/** MS-ADTS 3.1.1.4.5.16. */
function keyVersion({ view, entry }: Construction): Value[] {
  const record = view.reader.get(keysKey(entry.id));
  const current = record === undefined ? undefined : decodeKeys(record)[0];
  return current === undefined ? [] : [String(current.kvno)];
}

/** MS-ADTS 3.1.1.4.5.11: the RID, for groups. */
function primaryGroupToken({ known, entry }: Construction): Value[] {
  const sid = entry.bytes(known.objectSid.code);
  const isGroup = entry.values(known.objectClass.code).includes('group');
  return sid === undefined || !isGroup ? [] : [String(ridOf(decodeSid(sid)))];
}

function parentGuid({ view, known, entry }: Construction): Value[] {
  const parent = entry.parentId === ROOT_ID ? undefined : view.entry(entry.parentId);
  const guid = parent?.bytes(known.objectGuid.code);
  return guid === undefined ? [] : [guid];
}

function structuralClasses({ known, entry }: Construction): Value[] {
  return entry.values(known.objectClass.code).filter(isValue);
}

function childCount({ view, entry }: Construction): Value[] {
  let count = 0;
  for (const _ of view.childIds(entry.id)) {
    count += 1;
    if (count === MAX_COUNTED) break;
  }
  return [String(count)];
}

/** MS-ADTS 3.1.1.4.5.23. */
function allowedAttributes({ view, known, entry }: Construction): Value[] {
  const type = view.schema.classType(String(entry.values(known.objectClass.code).at(-1) ?? ''));
  if (type === undefined) return [];
  return Array.from(
    view.schema.allowed(type),
    (name) => view.schema.attribute(name)?.name ?? '',
  ).filter((name) => name !== '');
}

/** MS-ADTS 3.1.1.4.5.25. */
function allowedChildClasses({ view, known, entry }: Construction): Value[] {
  const own = new Set(entry.values(known.objectClass.code));
  return [...view.schema.classes()]
    .filter((type) => type.category === 'structural')
    .filter((type) => view.schema.superiors(type).some((name) => own.has(name)))
    .map((type) => type.name);
}

function isValue(value: unknown): value is Value {
  return typeof value === 'string' || value instanceof Uint8Array;
}
