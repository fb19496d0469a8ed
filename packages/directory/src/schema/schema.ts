import { decodeGuid, type Guid } from '@doublehop/security/guid';
import { ATTRIBUTE_TABLE, PROPERTY_SETS } from './attribute-table.ts';
import { CLASS_TABLE } from './class-table.ts';
import { DESCRIPTOR_TABLE } from './descriptor-table.ts';
import { OID_PREFIXES } from './oid-prefixes.ts';
import { isSyntax, type Syntax } from './syntax.ts';

/** An attributeSchema object's facts. */
export interface AttributeType {
  /** lDAPDisplayName. */
  readonly name: string;
  /** cn of the attribute object: `Account-Expires`. */
  readonly cn: string;
  readonly oid: string;
  /** The number under which stores keep the attribute; derived from the OID, so it never moves. */
  readonly code: number;
  readonly syntax: Syntax;
  /** Values are OIDs that stay as they are: what names itself has no other name yet. */
  readonly dotted: boolean;
  readonly singleValued: boolean;
  readonly systemOnly: boolean;
  readonly inCatalog: boolean;
  /** FLAG_ATTR_IS_CRITICAL of schemaFlagsEx: kept by read-only controllers (MS-ADTS 2.2.9.1). */
  readonly critical: boolean;
  /** isDefunct: no longer of any use, and in no class (MS-ADTS 3.1.1.2.4.8). */
  readonly defunct: boolean;
  readonly searchFlags: number;
  readonly systemFlags: number;
  readonly linkId: number | undefined;
  readonly mapiId: number | undefined;
  readonly rangeLower: number | undefined;
  readonly rangeUpper: number | undefined;
  readonly schemaIdGuid: Guid;
  /** attributeSecurityGUID: the property set that access control knows it by. */
  readonly propertySet: Guid | undefined;
  /** Computed when read, never stored (MS-ADTS 3.1.1.4.5). */
  readonly constructed: boolean;
  /** The reading side of a link pair: odd linkIDs (MS-ADTS 3.1.1.1.6). */
  readonly backLink: boolean;
  /** The written side of a link pair, kept in the link table. */
  readonly forwardLink: boolean;
  /** Never returned by any read (MS-ADTS 3.1.1.4.4). */
  readonly secret: boolean;
  /** Kept in an index of the store. */
  readonly indexed: boolean;
  /** No two entries have the same value, so the index holds one entry a value. */
  readonly unique: boolean;
  /** The index is not complete: values are written to it, or it is on its way out. */
  readonly indexing: 'building' | 'removing' | undefined;
}

/** A classSchema object's facts. */
export interface ClassType {
  readonly name: string;
  readonly oid: string;
  /** cn of the class object. */
  readonly cn: string;
  readonly subClassOf: string;
  readonly category: 'structural' | 'abstract' | 'auxiliary' | '88';
  readonly rdnAttribute: string;
  readonly schemaIdGuid: Guid;
  /** cn of the class that objectCategory points to. */
  readonly defaultCategory: string;
  /** defaultSecurityDescriptor: SDDL, in which names of SIDs are those of the domain; '' = none. */
  readonly defaultDescriptor: string;
  /** defaultHidingValue: new entries are shown in advanced views only. */
  readonly hidden: boolean;
  readonly systemOnly: boolean;
  readonly systemFlags: number;
  readonly auxiliary: readonly string[];
  readonly possibleSuperiors: readonly string[];
  readonly must: readonly string[];
  readonly may: readonly string[];
  /** The part of the four above that only the system may change. */
  readonly system: ClassMembers;
  /** The rest of them, which administrators may change. */
  readonly changeable: ClassMembers;
}

/** What a class has and where its entries may be, by lDAPDisplayName. */
export interface ClassMembers {
  readonly auxiliary: readonly string[];
  readonly possibleSuperiors: readonly string[];
  readonly must: readonly string[];
  readonly may: readonly string[];
}

/** Bits of searchFlags (MS-ADTS 2.2.9). */
export const SearchFlag = { index: 1, anr: 4, tupleIndex: 32, confidential: 128 } as const;

/** Bits of systemFlags (MS-ADTS 2.2.10). */
const CONSTRUCTED = 4;
const BASE_OBJECT = 0x10;
const NO_RENAME = 0x800_0000;

/** MS-ADTS 3.1.1.4.4, with the secrets of trusts and LSA objects. */
const SECRETS: ReadonlySet<string> = new Set([
  'currentvalue',
  'dbcspwd',
  'initialauthincoming',
  'initialauthoutgoing',
  'lmpwdhistory',
  'ntpwdhistory',
  'priorvalue',
  'supplementalcredentials',
  'trustauthincoming',
  'trustauthoutgoing',
  'unicodepwd',
]);

/**
 * Indexed by Active Directory, but with so few values that finding entries by them is no faster
 * than looking at all: an index would only cost writes.
 */
const UNSELECTIVE: ReadonlySet<string> = new Set([
  'instancetype',
  'objectcategory',
  'primarygroupid',
  'samaccounttype',
  'showinadvancedviewonly',
  'useraccountcontrol',
  'usncreated',
]);

/** Looked for by administrators of delegation, and held by few entries: cheap to index. */
const ALSO_INDEXED: ReadonlySet<string> = new Set([
  'admincount',
  'dnshostname',
  'msds-allowedtoactonbehalfofotheridentity',
  'msds-allowedtodelegateto',
  'objectclass',
]);

/** Names of one account or entry alone (MS-ADTS 3.1.1.5.1.3 and what the directory assigns). */
const UNIQUE: ReadonlySet<string> = new Set([
  'objectguid',
  'objectsid',
  'samaccountname',
  'serviceprincipalname',
  'userprincipalname',
]);

/** A line of a table, and what it says once somebody has asked. */
interface Row<T> {
  readonly text: string;
  type: T | undefined;
}

/**
 * The known attributes and classes, by name of any case or OID. One serves all, and what clients
 * add comes into it. A line of the tables is parsed when it is first asked for: most never are.
 */
export class Schema {
  readonly #attributes = new Map<string, Row<AttributeType>>();
  readonly #byCode = new Map<number, Row<AttributeType>>();
  /** Rows of the tables by code, or that there was none, of attributes that clients changed. */
  readonly #originals = new Map<number, Row<AttributeType> | undefined>();
  readonly #classes = new Map<string, Row<ClassType>>();
  readonly #chains = new Map<string, readonly ClassType[]>();
  readonly #allowed = new Map<string, ReadonlySet<string>>();
  readonly #allowedCodes = new Map<string, ReadonlySet<number>>();
  readonly #superiors = new Map<string, readonly string[]>();
  readonly #chainNames = new Map<string, ReadonlySet<string>>();
  readonly #kinds = new Map<string, readonly ClassType[]>();
  readonly #required = new Map<string, readonly AttributeType[]>();
  #extensions = 0;
  /** What is true until the schema is extended. */
  readonly #memos = [
    this.#chains,
    this.#allowed,
    this.#allowedCodes,
    this.#superiors,
    this.#chainNames,
    this.#kinds,
    this.#required,
  ];
  #byLink: ReadonlyMap<number, AttributeType> | undefined;
  #byGuid: ReadonlyMap<Guid, AttributeType | ClassType> | undefined;
  #descriptors: ReadonlyMap<string, string> | undefined;
  #all: ReadonlySet<ClassType> | undefined;

  constructor() {
    for (const text of lines(ATTRIBUTE_TABLE)) {
      const row = { text, type: undefined };
      const { name, oid } = keysOf(text);
      this.#attributes.set(name.toLowerCase(), row);
      this.#attributes.set(expandOid(oid), row);
      this.#byCode.set(codeOf(oid), row);
    }
    // A class is a line that starts with its name, and the lines below it that start with spaces.
    for (const text of CLASS_TABLE.trim().split(/\n(?! )/)) {
      const row = { text, type: undefined };
      const { name, oid } = keysOf(text);
      this.#classes.set(name.toLowerCase(), row);
      this.#classes.set(expandOid(oid), row);
    }
  }

  /**
   * Another number whenever the schema was extended: attributes and classes keep their objects,
   * but what was worked out of their flags and property sets is good until then.
   */
  get extensions(): number {
    return this.#extensions;
  }

  /**
   * Takes attributes and classes in that clients have added or changed; those of the same OID give
   * way. To be called whenever the entries that say so have changed, with all of them.
   */
  extend(attributes: readonly AttributeType[], classes: readonly ClassType[]): void {
    this.#extensions += 1;
    for (const type of attributes) {
      const old = this.#byCode.get(type.code);
      if (!this.#originals.has(type.code)) {
        const original = old === undefined ? undefined : { text: old.text, type: undefined };
        this.#originals.set(type.code, original);
      }
      // Those who have looked it up before know it by the same object.
      const known = old?.type === undefined ? type : Object.assign(old.type, type);
      const row = { text: `${type.name} `, type: known };
      this.#forget(this.#attributes, type.oid);
      this.#attributes.set(type.name.toLowerCase(), row);
      this.#attributes.set(type.oid, row);
      this.#byCode.set(type.code, row);
    }
    for (const type of classes) {
      const row = { text: `${type.name} `, type };
      this.#forget(this.#classes, type.oid);
      this.#classes.set(type.name.toLowerCase(), row);
      this.#classes.set(type.oid, row);
    }
    for (const memo of this.#memos) memo.clear();
    this.#byLink = undefined;
    this.#byGuid = undefined;
    this.#all = undefined;
  }

  /** Names by which an OID was known are so no more. */
  #forget<T>(rows: Map<string, Row<T>>, oid: string): void {
    const old = rows.get(oid);
    if (old === undefined) return;
    for (const [key, row] of rows) if (row === old) rows.delete(key);
  }

  attribute(nameOrOid: string): AttributeType | undefined {
    const row = lookUp(this.#attributes, nameOrOid);
    return row === undefined ? undefined : (row.type ??= parseAttribute(row.text));
  }

  attributeByCode(code: number): AttributeType | undefined {
    const row = this.#byCode.get(code);
    return row === undefined ? undefined : (row.type ??= parseAttribute(row.text));
  }

  /** What the tables say of an attribute, whatever clients have made of it. */
  original(code: number): AttributeType | undefined {
    if (!this.#originals.has(code)) return this.attributeByCode(code);
    const row = this.#originals.get(code);
    return row === undefined ? undefined : (row.type ??= parseAttribute(row.text));
  }

  attributeByLink(linkId: number): AttributeType | undefined {
    this.#byLink ??= new Map(
      [...this.attributes()].flatMap((type) =>
        type.linkId === undefined ? [] : [[type.linkId, type] as const],
      ),
    );
    return this.#byLink.get(linkId);
  }

  /** The attribute or class with a schemaIDGUID. */
  byGuid(guid: Guid): AttributeType | ClassType | undefined {
    this.#byGuid ??= new Map(
      [...this.classes(), ...this.attributes()].map((type) => [type.schemaIdGuid, type] as const),
    );
    return this.#byGuid.get(guid);
  }

  classType(nameOrOid: string): ClassType | undefined {
    const row = lookUp(this.#classes, nameOrOid);
    return row === undefined ? undefined : this.#classOf(row);
  }

  *attributes(): IterableIterator<AttributeType> {
    for (const row of this.#byCode.values()) yield (row.type ??= parseAttribute(row.text));
  }

  classes(): ReadonlySet<ClassType> {
    return (this.#all ??= new Set(Array.from(this.#classes.values(), (row) => this.#classOf(row))));
  }

  /** The class and its superclasses, `top` last. */
  chain(type: ClassType): readonly ClassType[] {
    const known = this.#chains.get(type.name);
    if (known !== undefined) return known;
    const chain: ClassType[] = [];
    let at: ClassType | undefined = type;
    while (at !== undefined && !chain.includes(at)) {
      chain.push(at);
      at = this.classType(at.subClassOf);
    }
    this.#chains.set(type.name, chain);
    return chain;
  }

  /** Lower-case names of the attributes that an entry of this class may have. */
  allowed(type: ClassType): ReadonlySet<string> {
    const known = this.#allowed.get(type.name);
    if (known !== undefined) return known;
    const names = new Set<string>();
    for (const each of this.withAuxiliaries(type)) {
      for (const name of [...each.must, ...each.may]) names.add(name.toLowerCase());
    }
    this.#allowed.set(type.name, names);
    return names;
  }

  /** The same as the attributes' codes. */
  allowedCodes(type: ClassType): ReadonlySet<number> {
    const known = this.#allowedCodes.get(type.name);
    if (known !== undefined) return known;
    const codes = new Set<number>();
    for (const name of this.allowed(type)) {
      const attribute = this.attribute(name);
      if (attribute !== undefined) codes.add(attribute.code);
    }
    this.#allowedCodes.set(type.name, codes);
    return codes;
  }

  /** The chain of a class with every auxiliary class of it, theirs included. */
  withAuxiliaries(type: ClassType): ReadonlySet<ClassType> {
    const all = new Set<ClassType>(this.chain(type));
    // A set that grows is walked to its last member.
    for (const each of all) {
      for (const name of each.auxiliary) {
        const auxiliary = this.classType(name);
        if (auxiliary !== undefined) for (const one of this.chain(auxiliary)) all.add(one);
      }
    }
    return all;
  }

  /** The attributes that an entry of this class must have. */
  required(type: ClassType): readonly AttributeType[] {
    const known = this.#required.get(type.name);
    if (known !== undefined) return known;
    const names = [...this.withAuxiliaries(type)].flatMap((each) => each.must);
    const required = [...new Set(names)].flatMap((name) => this.attribute(name) ?? []);
    this.#required.set(type.name, required);
    return required;
  }

  /** Classes below which an entry of this one may be: its own and its superclasses' rules. */
  superiors(type: ClassType): readonly string[] {
    const known = this.#superiors.get(type.name);
    if (known !== undefined) return known;
    const superiors = this.chain(type).flatMap((each) => each.possibleSuperiors);
    this.#superiors.set(type.name, superiors);
    return superiors;
  }

  /** The classes whose entries are also of a class: itself and its subclasses. */
  kindsOf(nameOrOid: string): readonly ClassType[] {
    const type = this.classType(nameOrOid);
    if (type === undefined) return [];
    const known = this.#kinds.get(type.name);
    if (known !== undefined) return known;
    const kinds = [...this.classes()].filter((each) => this.isKindOf(each, type.name));
    this.#kinds.set(type.name, kinds);
    return kinds;
  }

  /** Whether an entry of the class is one of the other class too. */
  isKindOf(type: ClassType, other: string): boolean {
    let names = this.#chainNames.get(type.name);
    if (names === undefined) {
      names = new Set(this.chain(type).map((each) => each.name.toLowerCase()));
      this.#chainNames.set(type.name, names);
    }
    return names.has(other.toLowerCase());
  }

  #classOf(row: Row<ClassType>): ClassType {
    this.#descriptors ??= parseDescriptors(DESCRIPTOR_TABLE);
    return (row.type ??= parseClass(row.text, this.#descriptors));
  }
}

/** A row by name of any case or OID. A name as the schema writes it is found at once ever after. */
function lookUp<T>(rows: Map<string, Row<T>>, nameOrOid: string): Row<T> | undefined {
  const known = rows.get(nameOrOid);
  if (known !== undefined) return known;
  const row = rows.get(nameOrOid.toLowerCase());
  if (row?.text.startsWith(`${nameOrOid} `) === true) rows.set(nameOrOid, row);
  return row;
}

/** The first two words of a line of either table. */
function keysOf(text: string): { readonly name: string; readonly oid: string } {
  const first = text.indexOf(' ');
  return { name: text.slice(0, first), oid: text.slice(first + 1, text.indexOf(' ', first + 1)) };
}

function parseAttribute(line: string): AttributeType {
  const columns = line.split(' ');
  const [name = '', oid = '', syntax = '', flags = '', search, system, link] = columns;
  const [range, guid, set, cn = '', mapi] = columns.slice(7);
  if (!isSyntax(syntax)) throw new TypeError(`attribute table: syntax ${syntax} of ${name}`);
  const linkId = link === '-' ? undefined : Number(link);
  const searchFlags = Number(search);
  const systemFlags = Number(system);
  const constructed = (systemFlags & CONSTRUCTED) !== 0;
  const key = name.toLowerCase();
  const [lower, upper] = range === '-' ? [undefined, undefined] : bounds(range);
  const isIndexed = (searchFlags & SearchFlag.index) !== 0 || ALSO_INDEXED.has(key);
  return {
    name,
    cn,
    oid: expandOid(oid),
    code: codeOf(oid),
    syntax,
    dotted: name === 'attributeID' || name === 'governsID',
    singleValued: flags.includes('s'),
    systemOnly: flags.includes('o'),
    inCatalog: flags.includes('g'),
    critical: flags.includes('c'),
    defunct: flags.includes('x'),
    searchFlags,
    systemFlags,
    linkId,
    mapiId: mapi === '-' ? undefined : Number(mapi),
    rangeLower: lower,
    rangeUpper: upper,
    schemaIdGuid: guidOf(guid),
    propertySet: propertySetOf(set),
    constructed,
    backLink: linkId !== undefined && linkId % 2 === 1,
    forwardLink: linkId !== undefined && linkId % 2 === 0 && syntax === 'dn',
    secret: SECRETS.has(key),
    indexed: isIndexed && syntax !== 'dn' && !constructed && !UNSELECTIVE.has(key),
    unique: UNIQUE.has(key),
    indexing: undefined,
  };
}

function parseClass(text: string, descriptors: ReadonlyMap<string, string>): ClassType {
  const [head = '', ...members] = text.split('\n').map((line) => line.trim());
  const columns = head.split(' ');
  const [name = '', oid = '', sub = '', category = '', rdn = '', guid] = columns;
  const [flags = '', descriptor = ''] = columns.slice(6);
  const named = (kind: string): string[] =>
    members
      .filter((line) => line.startsWith(`${kind} `))
      .flatMap((line) => line.split(' ').slice(1));
  const listed = (mark: string): ClassMembers => ({
    auxiliary: named(`aux${mark}`),
    possibleSuperiors: named(`under${mark}`),
    must: named(`must${mark}`),
    may: named(`may${mark}`),
  });
  const [cn = '', target = cn] = named('cn');
  if (!isCategory(category)) throw new TypeError(`class table: category of ${name}`);
  const system = listed('');
  const changeable = listed('+');
  return {
    name,
    oid: expandOid(oid),
    cn,
    subClassOf: sub,
    category,
    rdnAttribute: rdn,
    schemaIdGuid: guidOf(guid),
    defaultCategory: target,
    defaultDescriptor: descriptors.get(descriptor) ?? '',
    hidden: flags.includes('h'),
    systemOnly: flags.includes('o'),
    systemFlags: (flags.includes('b') ? BASE_OBJECT : 0) | (flags.includes('d') ? NO_RENAME : 0),
    auxiliary: [...system.auxiliary, ...changeable.auxiliary],
    possibleSuperiors: [...system.possibleSuperiors, ...changeable.possibleSuperiors],
    must: [...system.must, ...changeable.must],
    may: [...system.may, ...changeable.may],
    system,
    changeable,
  };
}

/** SDDL by its number in the table; continued lines start with spaces. */
function parseDescriptors(table: string): ReadonlyMap<string, string> {
  const whole = table.replaceAll('\n  ', '');
  return new Map(
    lines(whole).map((line) => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1)];
    }),
  );
}

function isCategory(text: string): text is ClassType['category'] {
  return ['structural', 'abstract', 'auxiliary', '88'].includes(text);
}

function lines(table: string): string[] {
  return table.split('\n').filter((line) => line !== '');
}

function expandOid(short: string): string {
  return (OID_PREFIXES[short.charAt(0)] ?? '') + short.slice(1);
}

/** The letter of the OID's stem and its last arc: as stable as the OID itself. */
function codeOf(short: string): number {
  return short.charCodeAt(0) * 0x1_0000 + Number(short.slice(1));
}

function bounds(range = ':'): (number | undefined)[] {
  return range.split(':').map((bound) => (bound === '' ? undefined : Number(bound)));
}

function guidOf(base64 = ''): Guid {
  return decodeGuid(Buffer.from(base64, 'base64'));
}

function propertySetOf(code = '-'): Guid | undefined {
  const text = PROPERTY_SETS[code];
  // The table holds GUIDs in their usual text form, in lower case.
  return text as Guid | undefined;
}
