import type { RandomSource } from '@doublehop/crypto/random';
import { decodeGuid, encodeGuid, type Guid, parseGuid } from '@doublehop/security/guid';
import { readDomain } from './domain.ts';
import { parseDn } from './dn.ts';
import { textOf, type Draft } from './draft.ts';
import type { AttributeInput, Value } from './entry.ts';
import { DirectoryError } from './errors.ts';
import { needed } from './known-attributes.ts';
import { indexingOf, isUnfinished, nextIndexing, wantsIndex } from './index-building.ts';
import { allExtensions, extensionKey, idOfExtension } from './layout.ts';
import type { StoredEntry } from './record.ts';
import { syntaxOf } from './schema/syntax-oids.ts';
import type { AttributeType, ClassMembers, ClassType, Schema } from './schema/schema.ts';
import { refused } from './values.ts';
import type { Transaction } from './store/store.ts';
import type { View } from './view.ts';
import { versionFour } from './writer-options.ts';
import { isSchemaObject, isValue } from './writer-values.ts';

/** Numbers of attributes that no table has begin here; the rest is the number of their entry. */
const FIRST_CODE = 0x8000_0000;

/** Asks for a linkID, or a mAPIID, that is free (MS-ADTS 3.1.1.2.3, 3.1.1.2.3.1). */
const ANY_LINK_ID = '1.2.840.113556.1.2.50';
const ANY_MAPI_ID = '1.2.840.113556.1.2.49';

/** Where linkIDs and mAPIIDs begin that are given out; both are far from those of Windows. */
const FIRST_LINK_ID = 0x4000_0000;
const FIRST_MAPI_ID = 0x4000_0000;

/**
 * Puts into a schema what the entries say of attributes and classes that clients have added or
 * changed (MS-ADTS 3.1.1.2.4). An entry that cannot be understood is passed over.
 */
export function extendSchema(view: View): void {
  const { schema } = view;
  const attributes: AttributeType[] = [];
  const classes: ClassType[] = [];
  for (const { key, value } of view.reader.range(allExtensions())) {
    const entry = view.entry(idOfExtension(key));
    if (entry === undefined) continue;
    const facts = new Facts(view, entry);
    const attribute = attributeOf(schema, facts, value);
    if (attribute !== undefined) attributes.push(attribute);
    else classes.push(...classOf(facts));
  }
  schema.extend(attributes, classes);
}

/**
 * A client's change of the schema: whoever reads it takes it into the schema in use; returns
 * whether an index is to be made or unmade for it. Throws unwillingToPerform where the name, or the
 * OID of a new entry, is that of another.
 */
export function noteExtension(tx: Transaction, view: View, draft: Draft, isNew: boolean): boolean {
  if (!['attributeSchema', 'classSchema'].includes(draft.type.name)) return false;
  const { schema } = view;
  const domain = readDomain(view.reader);
  if (domain === undefined) return false;
  if (view.resolve(parseDn(domain.schemaDn)).id !== draft.parentId) return false;
  const of = (name: string): string => textOf(draft, needed(schema, name)) ?? '';
  const oid = of('attributeID') || of('governsID');
  checkSchemaName(schema, of('lDAPDisplayName'), oid, isNew);
  const key = extensionKey(draft.id);
  const record = nextIndexing(tx.get(key), isIndexWanted(schema, draft), isNew);
  tx.put(key, record);
  return isUnfinished(record);
}

function isIndexWanted(schema: Schema, draft: Draft): boolean {
  if (draft.type.name !== 'attributeSchema') return false;
  const of = (name: string): string => textOf(draft, needed(schema, name)) ?? '';
  const known = schema.attribute(of('attributeID'));
  const original = known === undefined ? undefined : schema.original(known.code);
  const searchFlags = Number(of('searchFlags'));
  const omClass = draft.attributes.get(needed(schema, 'oMObjectClass').code)?.[0];
  const bytes = omClass instanceof Uint8Array ? omClass : undefined;
  const syntax = syntaxOf(of('attributeSyntax'), Number(of('oMSyntax')), bytes) ?? 'octets';
  return wantsIndex(original, { searchFlags, syntax });
}

/**
 * What a client gives for a new class or attribute, with what follows from it (MS-ADTS 3.1.1.2.3,
 * 3.1.1.2.4). Throws unwillingToPerform for numbers of links that are taken.
 */
export function completeSchemaObject(
  schema: Schema,
  input: AttributeInput,
  { dn, cn, random }: { dn: string; cn: string; random: RandomSource },
): AttributeInput {
  if (!isSchemaObject(input)) return input;
  const given = new Map<string, Value | readonly Value[]>();
  for (const [name, value] of Object.entries(input)) {
    given.set(schema.attribute(name)?.name ?? name, value);
  }
  const name = text(given, 'lDAPDisplayName') ?? displayName(cn);
  given.set('lDAPDisplayName', name);
  given.set('schemaIDGUID', guidOf(given.get('schemaIDGUID'), random));
  if (text(given, 'attributeID') === undefined) {
    const above = schema.classType(text(given, 'subClassOf') ?? '');
    if (!given.has('defaultObjectCategory')) given.set('defaultObjectCategory', dn);
    if (!given.has('rDNAttID') && above !== undefined) given.set('rDNAttID', above.rdnAttribute);
    if (!given.has('objectClassCategory')) given.set('objectClassCategory', '1');
    if (!given.has('systemOnly')) given.set('systemOnly', 'FALSE');
    return Object.fromEntries(given);
  }
  if (given.has('msDS-IntId')) {
    throw refused('unwillingToPerform', { name: 'msDS-IntId' }, 'is the directory’s to give');
  }
  given.set('msDS-IntId', String(internalId(random)));
  settleLink(schema, given);
  settleMapi(schema, given);
  return Object.fromEntries(given);
}

/**
 * The name of a schema's object is its own, and so is the OID of a new one (MS-ADTS 3.1.1.2.3).
 * Throws unwillingToPerform.
 */
function checkSchemaName(schema: Schema, name: string, oid: string, isNew: boolean): void {
  for (const word of [name, oid]) {
    for (const type of [schema.attribute(word), schema.classType(word)]) {
      if (type !== undefined && (isNew || type.oid !== oid)) throw taken(word);
    }
  }
}

function taken(word: string): DirectoryError {
  return new DirectoryError('unwillingToPerform', `the schema has another ${word}`, {
    win32: DUPLICATE,
  });
}

/** ERROR_DS_DUP_LDAP_DISPLAY_NAME. */
const DUPLICATE = 0x20b8;

/** MS-ADTS 3.1.1.2.3: cn without hyphens and spaces, after which letters are capitals. */
function displayName(cn: string): string {
  const [first = '', ...more] = cn.split(/[- ]+/);
  const joined = first + more.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return joined.charAt(0).toLowerCase() + joined.slice(1);
}

function guidOf(given: Value | readonly Value[] | undefined, random: RandomSource): Value {
  const value = given === undefined || isValue(given) ? given : given[0];
  if (value === undefined) return versionFour(random(16));
  if (value.length === 16 && typeof value !== 'string') return value;
  try {
    const words = typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
    return encodeGuid(parseGuid(words));
  } catch {
    throw refused('constraintViolation', { name: 'schemaIDGUID' }, 'is a GUID');
  }
}

/** MS-ADTS 3.1.1.2.6: a random number from 0x80000000 to 0xBFFFFFFF, as it is signed. */
function internalId(random: RandomSource): number {
  return (Buffer.from(random(4)).readUInt32BE(0) & 0x3fff_ffff) | 0x8000_0000;
}

/** A link's number: a free even one, that of a back link by its forward link, or as given. */
function settleLink(schema: Schema, given: Map<string, Value | readonly Value[]>): void {
  const asked = text(given, 'linkID');
  if (asked === undefined) return;
  let id = Number(asked);
  if (asked === ANY_LINK_ID) {
    id = FIRST_LINK_ID;
    while (schema.attributeByLink(id) !== undefined) id += 2;
  } else if (!/^-?[0-9]+$/.test(asked)) {
    const forward = schema.attribute(asked);
    if (forward?.linkId === undefined || forward.linkId % 2 === 1) throw taken(`linkID ${asked}`);
    id = forward.linkId + 1;
  }
  if (schema.attributeByLink(id) !== undefined) throw taken(`linkID ${id}`);
  given.set('linkID', String(id));
}

function settleMapi(schema: Schema, given: Map<string, Value | readonly Value[]>): void {
  const asked = text(given, 'mAPIID');
  if (asked === undefined) return;
  const known = new Set(Array.from(schema.attributes(), (type) => type.mapiId));
  let id = Number(asked);
  if (asked === ANY_MAPI_ID) {
    id = FIRST_MAPI_ID;
    while (known.has(id)) id += 1;
  }
  if (known.has(id)) throw taken(`mAPIID ${id}`);
  given.set('mAPIID', String(id));
}

function text(
  given: ReadonlyMap<string, Value | readonly Value[]>,
  name: string,
): string | undefined {
  const value = given.get(name);
  const one = value === undefined || isValue(value) ? value : value[0];
  return typeof one === 'string' ? one : undefined;
}

/** The attributes of a schema's entry. */
class Facts {
  readonly id: number;
  readonly #view: View;
  readonly #entry: StoredEntry;

  constructor(view: View, entry: StoredEntry) {
    this.id = entry.id;
    this.#view = view;
    this.#entry = entry;
  }

  text(name: string): string | undefined {
    return this.#entry.text(needed(this.#view.schema, name).code);
  }

  texts(name: string): string[] {
    const values = this.#entry.values(needed(this.#view.schema, name).code);
    return values.filter((value) => typeof value === 'string');
  }

  number(name: string): number | undefined {
    const found = this.text(name);
    return found === undefined ? undefined : Number(found);
  }

  flag(name: string): boolean {
    return this.text(name) === 'TRUE';
  }

  guid(name: string): Guid | undefined {
    const bytes = this.#entry.bytes(needed(this.#view.schema, name).code);
    return bytes?.length === 16 ? decodeGuid(bytes) : undefined;
  }

  bytes(name: string): Uint8Array | undefined {
    return this.#entry.bytes(needed(this.#view.schema, name).code);
  }

  /** The cn of the entry that an attribute points to. */
  target(name: string): string | undefined {
    const id = this.#entry.reference(needed(this.#view.schema, name).code);
    return this.#view.entry(id)?.rdn.value;
  }
}

/** `record` is that of the extension, which says how far the attribute's index is. */
function attributeOf(schema: Schema, facts: Facts, record: Uint8Array): AttributeType | undefined {
  const oid = facts.text('attributeID');
  const name = facts.text('lDAPDisplayName');
  const schemaIdGuid = facts.guid('schemaIDGUID');
  if (oid === undefined || name === undefined || schemaIdGuid === undefined) return undefined;
  const code = schema.attribute(oid)?.code ?? FIRST_CODE + facts.id;
  const known = schema.original(code);
  const { indexed, indexing } = indexingOf(record);
  const om = facts.number('oMSyntax') ?? 0;
  const syntax = syntaxOf(facts.text('attributeSyntax') ?? '', om, facts.bytes('oMObjectClass'));
  const linkId = facts.number('linkID');
  const systemFlags = facts.number('systemFlags') ?? 0;
  return {
    name,
    cn: facts.text('cn') ?? name,
    oid,
    code,
    syntax: known?.syntax ?? syntax ?? 'octets',
    dotted: known?.dotted ?? false,
    singleValued: facts.flag('isSingleValued'),
    systemOnly: facts.flag('systemOnly'),
    inCatalog: facts.flag('isMemberOfPartialAttributeSet'),
    critical: ((facts.number('schemaFlagsEx') ?? 0) & 1) !== 0,
    defunct: facts.flag('isDefunct'),
    searchFlags: facts.number('searchFlags') ?? 0,
    systemFlags,
    linkId,
    mapiId: facts.number('mAPIID'),
    rangeLower: facts.number('rangeLower'),
    rangeUpper: unsigned(facts.number('rangeUpper')),
    schemaIdGuid,
    propertySet: facts.guid('attributeSecurityGUID'),
    constructed: known?.constructed ?? false,
    backLink: linkId !== undefined && linkId % 2 === 1,
    forwardLink: linkId !== undefined && linkId % 2 === 0 && syntax === 'dn',
    secret: known?.secret ?? false,
    indexed: known?.indexed === true || indexed,
    unique: known?.unique ?? false,
    indexing,
  };
}

/** rangeUpper of old attributes is an unsigned number in a signed field. */
function unsigned(bound: number | undefined): number | undefined {
  return bound === undefined ? undefined : bound >>> 0;
}

const CATEGORIES: readonly ClassType['category'][] = ['88', 'structural', 'abstract', 'auxiliary'];

function classOf(facts: Facts): ClassType[] {
  const oid = facts.text('governsID');
  const name = facts.text('lDAPDisplayName');
  const schemaIdGuid = facts.guid('schemaIDGUID');
  if (oid === undefined || name === undefined || schemaIdGuid === undefined) return [];
  const cn = facts.text('cn') ?? name;
  const system: ClassMembers = {
    auxiliary: facts.texts('systemAuxiliaryClass'),
    possibleSuperiors: facts.texts('systemPossSuperiors'),
    must: facts.texts('systemMustContain'),
    may: facts.texts('systemMayContain'),
  };
  const changeable: ClassMembers = {
    auxiliary: facts.texts('auxiliaryClass'),
    possibleSuperiors: facts.texts('possSuperiors'),
    must: facts.texts('mustContain'),
    may: facts.texts('mayContain'),
  };
  return [
    {
      name,
      oid,
      cn,
      subClassOf: facts.text('subClassOf') ?? 'top',
      category: CATEGORIES[facts.number('objectClassCategory') ?? 1] ?? 'structural',
      rdnAttribute: facts.text('rDNAttID') ?? 'cn',
      schemaIdGuid,
      defaultCategory: facts.target('defaultObjectCategory') ?? cn,
      defaultDescriptor: facts.text('defaultSecurityDescriptor') ?? '',
      hidden: facts.flag('defaultHidingValue'),
      systemOnly: facts.flag('systemOnly'),
      systemFlags: facts.number('systemFlags') ?? 0,
      auxiliary: [...system.auxiliary, ...changeable.auxiliary],
      possibleSuperiors: [...system.possibleSuperiors, ...changeable.possibleSuperiors],
      must: [...system.must, ...changeable.must],
      may: [...system.may, ...changeable.may],
      system,
      changeable,
    },
  ];
}
