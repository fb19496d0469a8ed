import { decodeSid, encodeSid, ridOf } from '@doublehop/security/sid';
import { dnsNameOfDn, parseDn } from './dn.ts';
import { readDomain } from './domain.ts';
import type { Value } from './entry.ts';
import { groupsOf, GroupType, type GroupMembership } from './groups.ts';
import { decodeKeys } from './keys-record.ts';
import { needed, type KnownAttributes } from './known-attributes.ts';
import { keysKey, ROOT_ID } from './layout.ts';
import { MAX_CLOSURE } from './limits.ts';
import { resultantPasswordSettings } from './password-settings.ts';
import { EntryFlag, type StoredEntry } from './record.ts';
import type { ClassType } from './schema/schema.ts';
import { SUBSCHEMA } from './subschema.ts';
import { isDeleted } from './tombstone.ts';
import type { View } from './view.ts';

/** What a constructed attribute is computed from. */
export interface Construction {
  readonly view: View;
  readonly known: KnownAttributes;
  readonly entry: StoredEntry;
}

type Rule = (from: Construction) => readonly Value[];

/**
 * Constructed attributes by lower-case name (MS-ADTS 3.1.1.4.5); absent ones have no values. Those
 * that depend on who asks, or on the time, are the business of the service that knows.
 */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['allowedattributes', allowedAttributes],
  ['allowedchildclasses', allowedChildClasses],
  ['canonicalname', canonicalName],
  ['createtimestamp', (from) => from.entry.values(from.known.whenCreated.code).filter(isValue)],
  ['fromentry', () => ['TRUE']],
  ['modifytimestamp', (from) => from.entry.values(from.known.whenChanged.code).filter(isValue)],
  ['msds-approx-immed-subordinates', childCount],
  ['msds-auxiliary-classes', auxiliaryClasses],
  ['msds-isgc', (from) => serverFact(from, 'TRUE')],
  ['msds-isrodc', (from) => serverFact(from, 'FALSE')],
  ['msds-keyversionnumber', keyVersion],
  ['msds-localeffectivedeletiontime', deletionTime],
  ['msds-localeffectiverecycletime', deletionTime],
  ['msds-memberoftransitive', (from) => transitive(from, 'up')],
  ['msds-membertransitive', (from) => transitive(from, 'down')],
  ['msds-parentdistname', parentName],
  ['msds-principalname', principalName],
  ['msds-resultantpso', resultantPso],
  ['msds-sitename', siteName],
  ['msds-tokengroupnames', (from) => tokenGroupNames(from, () => true)],
  ['msds-tokengroupnamesglobalanduniversal', (from) => tokenGroupNames(from, isGlobalOrUniversal)],
  ['msds-tokengroupnamesnogcacceptable', (from) => tokenGroupNames(from, () => true)],
  ['parentguid', parentGuid],
  ['possibleinferiors', possibleInferiors],
  ['primarygrouptoken', primaryGroupToken],
  ['structuralobjectclass', structuralClasses],
  ['subschemasubentry', subschemaSubentry],
  ['tokengroups', (from) => tokenGroups(from, () => true)],
  ['tokengroupsglobalanduniversal', (from) => tokenGroups(from, isGlobalOrUniversal)],
  ['tokengroupsnogcacceptable', (from) => tokenGroups(from, () => true)],
]);

/** Children counted before the count is called approximate. */
const MAX_COUNTED = 100_000;

/** The values of a constructed attribute of an entry. */
export function construct(name: string, from: Construction): readonly Value[] {
  const key = name.toLowerCase();
  const describe = SUBSCHEMA.get(key);
  if (describe === undefined) return RULES.get(key)?.(from) ?? [];
  return classOf(from)?.name === 'subSchema' ? describe(from.view.schema) : [];
}

function classOf({ view, known, entry }: Construction): ClassType | undefined {
  return view.schema.classType(String(entry.values(known.objectClass.code).at(-1) ?? ''));
}

function namesOf({ view }: Construction, ids: Iterable<number>): Value[] {
  const names: Value[] = [];
  for (const id of ids) {
    const dn = view.dnOf(id);
    if (dn !== undefined) names.push(dn);
  }
  return names;
}

/** MS-ADTS 3.1.1.4.5.19: SIDs of the transitive groups, the primary one among them. */
function tokenGroups(from: Construction, wanted: (group: GroupMembership) => boolean): Value[] {
  const groups = groupsOf(from.view, from.known, from.entry);
  return groups.filter(wanted).map((group) => encodeSid(group.sid));
}

/** MS-ADTS 3.1.1.4.5.42, 3.1.1.4.5.43: the same groups by name. */
function tokenGroupNames(
  from: Construction,
  wanted: (group: GroupMembership) => boolean,
): readonly Value[] {
  const groups = groupsOf(from.view, from.known, from.entry).filter(wanted);
  return namesOf(
    from,
    groups.map(({ id }) => id),
  );
}

/** MS-ADTS 3.1.1.4.5.40, 3.1.1.4.5.41: all groups or members, groups of any kind followed. */
function transitive(from: Construction, way: 'up' | 'down'): readonly Value[] {
  const { view, known, entry } = from;
  const link = known.member.linkId ?? 0;
  const reached = new Set<number>();
  const waiting = [entry.id];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const at = view.entry(id);
    if (at === undefined) continue;
    for (const next of way === 'up' ? view.linksTo(at, link) : view.linksFrom(at, link)) {
      if (reached.has(next)) continue;
      reached.add(next);
      waiting.push(next);
    }
    if (reached.size >= MAX_CLOSURE) break;
  }
  return namesOf(from, reached);
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

/** MS-ADTS 3.1.1.4.5.28: heads of naming contexts have none. */
function parentGuid({ view, known, entry }: Construction): Value[] {
  const isHead = entry.parentId === ROOT_ID || (entry.flags & EntryFlag.contextHead) !== 0;
  const guid = isHead ? undefined : view.entry(entry.parentId)?.bytes(known.objectGuid.code);
  return guid === undefined ? [] : [guid];
}

function parentName(from: Construction): readonly Value[] {
  const { parentId } = from.entry;
  return parentId === ROOT_ID ? [] : namesOf(from, [parentId]);
}

/** MS-ADTS 3.1.1.4.5.44: the chain of the structural class alone, `top` first. */
function structuralClasses(from: Construction): Value[] {
  const type = classOf(from);
  if (type === undefined) return [];
  return from.view.schema
    .chain(type)
    .map(({ name }) => name)
    .toReversed();
}

/** MS-ADTS 3.1.1.4.5.18. */
function auxiliaryClasses(from: Construction): Value[] {
  const own = new Set(structuralClasses(from));
  const { known, entry } = from;
  return entry
    .values(known.objectClass.code)
    .filter(isValue)
    .filter((name) => !own.has(name));
}

/** MS-ADTS 3.1.1.4.5.27. */
function principalName({ view, known, entry }: Construction): Value[] {
  const sid = entry.bytes(known.objectSid.code);
  if (sid === undefined) return [];
  const name = entry.text(known.samAccountName.code);
  const domain = decodeSid(sid).startsWith(BUILTIN)
    ? 'BUILTIN'
    : readDomain(view.reader)?.netbiosName;
  return name === undefined || domain === undefined ? [decodeSid(sid)] : [`${domain}\\${name}`];
}

const BUILTIN = 'S-1-5-32-';

/** MS-ADTS 3.1.1.4.5.36. */
function resultantPso(from: Construction): readonly Value[] {
  const found = resultantPasswordSettings(from.view, from.known, from.entry);
  return found === undefined ? [] : namesOf(from, [found]);
}

/** MS-ADTS 3.1.1.4.5.1. */
function subschemaSubentry({ view }: Construction): Value[] {
  const domain = readDomain(view.reader);
  return domain === undefined ? [] : [`CN=Aggregate,${domain.schemaDn}`];
}

/** MS-ADTS 3.1.1.4.5.37: the last that happened to a tombstone was its deletion. */
function deletionTime({ known, entry }: Construction): Value[] {
  return isDeleted(entry) ? entry.values(known.whenChanged.code).filter(isValue) : [];
}

/** MS-ADTS 3.1.1.4.5.21: by the class that a schema object stands for. */
function possibleInferiors({ view, entry }: Construction): Value[] {
  const governs = entry.text(needed(view.schema, 'governsID').code);
  const type = governs === undefined ? undefined : view.schema.classType(governs);
  if (type === undefined) return [];
  const chain = new Set(view.schema.chain(type).map(({ name }) => name));
  return creatable(view, (name) => chain.has(name));
}

/**
 * The server object of a controller: itself, the parent of its settings, or what the computer's
 * serverReferenceBL names.
 */
function serverOf(from: Construction): StoredEntry | undefined {
  const { view, entry } = from;
  const name = classOf(from)?.name;
  if (name === 'server') return entry;
  if (name === 'nTDSDSA') return view.entry(entry.parentId);
  if (name !== 'computer') return undefined;
  for (const id of view.linksTo(entry, needed(view.schema, 'serverReference').linkId ?? 0)) {
    return view.entry(id);
  }
  return undefined;
}

/** MS-ADTS 3.1.1.4.5.30, 3.1.1.4.5.31: every controller here writes and is a global catalog. */
function serverFact(from: Construction, value: 'TRUE' | 'FALSE'): Value[] {
  return serverOf(from) === undefined ? [] : [value];
}

/** MS-ADTS 3.1.1.4.5.29: the site is above the server's container. */
function siteName(from: Construction): Value[] {
  const server = serverOf(from);
  const servers = server === undefined ? undefined : from.view.entry(server.parentId);
  const site = servers === undefined ? undefined : from.view.entry(servers.parentId);
  return site === undefined ? [] : [site.rdn.value];
}

function childCount({ view, entry }: Construction): Value[] {
  let count = 0;
  for (const _ of view.childIds(entry.id)) {
    count += 1;
    if (count === MAX_COUNTED) break;
  }
  return [String(count)];
}

/** MS-ADTS 3.1.1.4.5.6: of every class of the entry, auxiliary ones too. */
function allowedAttributes({ view: { schema }, known, entry }: Construction): Value[] {
  const names = new Set<string>();
  for (const each of entry.values(known.objectClass.code)) {
    const type = schema.classType(String(each));
    for (const name of type === undefined ? [] : schema.allowed(type)) {
      const attribute = schema.attribute(name);
      if (attribute !== undefined) names.add(attribute.name);
    }
  }
  return [...names];
}

/** MS-ADTS 3.1.1.4.5.3. */
function allowedChildClasses({ view, known, entry }: Construction): Value[] {
  const own = new Set(entry.values(known.objectClass.code));
  return creatable(view, (name) => own.has(name));
}

const CREATABLE: ReadonlySet<string> = new Set(['structural', '88']);

/** The classes whose entries may be made below one of a class. */
function creatable({ schema }: View, isOne: (superior: string) => boolean): Value[] {
  return [...schema.classes()]
    .filter(({ category, systemOnly }) => !systemOnly && CREATABLE.has(category))
    .filter((type) => schema.superiors(type).some(isOne))
    .map(({ name }) => name);
}

function isValue(value: unknown): value is Value {
  return typeof value === 'string' || value instanceof Uint8Array;
}
