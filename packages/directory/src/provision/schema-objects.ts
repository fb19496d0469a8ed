import { encodeGuid, type Guid, parseGuid } from '@doublehop/security/guid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import type { DomainInfo } from '../domain.ts';
import type { AttributeInput } from '../entry.ts';
import type { AttributeType, ClassType, Schema } from '../schema/schema.ts';
import { syntaxFacts } from '../schema/syntax-oids.ts';
import type { DirectoryWriter } from '../writer.ts';
import { madeFor } from './plan.ts';

/** objectClassCategory (MS-ADTS 3.1.1.2.4.6). */
const CATEGORIES = { structural: '1', abstract: '2', auxiliary: '3', '88': '0' } as const;

/**
 * The objects of classes and attributes (MS-ADTS 3.1.1.2), to which every objectCategory points,
 * and CN=Aggregate, whose contents are computed when read (MS-ADTS 3.1.1.3.1.1.1).
 */
export function addSchemaObjects(writer: DirectoryWriter, schema: Schema, info: DomainInfo): void {
  const dnOf = (cn: string): string => `CN=${cn},${info.schemaDn}`;
  const options = madeFor(info, DomainRid.schemaAdmins);
  for (const type of classesInOrder(schema)) {
    writer.add(dnOf(type.cn), classAttributes(type, dnOf), options);
  }
  // What all of them share is made once: there are some 1,500.
  const guids = new Map<Guid, Uint8Array>();
  for (const type of schema.attributes()) {
    writer.add(dnOf(type.cn), attributeAttributes(type, guids), options);
  }
  writer.add(dnOf('Aggregate'), { objectClass: 'subSchema' }, options);
}

/** Each class after the one that its defaultObjectCategory names, so that it can point to it. */
function classesInOrder(schema: Schema): ReadonlySet<ClassType> {
  const byCn = new Map(Array.from(schema.classes(), (type) => [type.cn, type] as const));
  const ordered = new Set<ClassType>();
  // Every class object is a classSchema: that one has to be there first.
  for (const type of [byCn.get('Class-Schema'), ...byCn.values()]) {
    if (type === undefined) continue;
    const category = byCn.get(type.defaultCategory);
    if (category !== undefined) ordered.add(category);
    ordered.add(type);
  }
  return ordered;
}

/** What a class does not have is given as no values, which no entry keeps. */
function classAttributes(type: ClassType, dnOf: (cn: string) => string): AttributeInput {
  const { system, changeable } = type;
  return {
    objectClass: 'classSchema',
    lDAPDisplayName: type.name,
    adminDisplayName: type.cn,
    adminDescription: type.cn,
    governsID: type.oid,
    subClassOf: type.subClassOf,
    objectClassCategory: CATEGORIES[type.category],
    rDNAttID: type.rdnAttribute,
    schemaIDGUID: encodeGuid(type.schemaIdGuid),
    defaultObjectCategory: dnOf(type.defaultCategory),
    defaultSecurityDescriptor: type.defaultDescriptor === '' ? [] : type.defaultDescriptor,
    defaultHidingValue: flag(type.hidden),
    systemOnly: flag(type.systemOnly),
    systemFlags: type.systemFlags === 0 ? [] : String(type.systemFlags),
    systemAuxiliaryClass: system.auxiliary,
    systemPossSuperiors: system.possibleSuperiors,
    systemMustContain: system.must,
    systemMayContain: system.may,
    auxiliaryClass: changeable.auxiliary,
    possSuperiors: changeable.possibleSuperiors,
    mustContain: changeable.must,
    mayContain: changeable.may,
  };
}

function attributeAttributes(type: AttributeType, guids: Map<Guid, Uint8Array>): AttributeInput {
  const { attributeSyntax, oMSyntax, oMObjectClass } = syntaxFacts(type.syntax);
  return {
    objectClass: 'attributeSchema',
    lDAPDisplayName: type.name,
    adminDisplayName: type.cn,
    adminDescription: type.cn,
    attributeID: type.oid,
    attributeSyntax,
    oMSyntax: String(oMSyntax),
    oMObjectClass: oMObjectClass ?? [],
    isSingleValued: flag(type.singleValued),
    systemOnly: flag(type.systemOnly),
    searchFlags: String(type.searchFlags),
    systemFlags: type.systemFlags === 0 ? [] : String(type.systemFlags),
    schemaFlagsEx: type.critical ? '1' : [],
    schemaIDGUID: encodeGuid(type.schemaIdGuid),
    attributeSecurityGUID: type.propertySet === undefined ? [] : setGuid(type.propertySet, guids),
    isMemberOfPartialAttributeSet: type.inCatalog ? 'TRUE' : [],
    isDefunct: type.defunct ? 'TRUE' : [],
    linkID: number(type.linkId),
    mAPIID: number(type.mapiId),
    rangeLower: number(type.rangeLower),
    rangeUpper: number(type.rangeUpper),
  };
}

function setGuid(guid: Guid, guids: Map<Guid, Uint8Array>): Uint8Array {
  const known = guids.get(guid);
  if (known !== undefined) return known;
  const bytes = encodeGuid(parseGuid(guid));
  guids.set(guid, bytes);
  return bytes;
}

function flag(value: boolean): string {
  return value ? 'TRUE' : 'FALSE';
}

function number(value: number | undefined): string | readonly string[] {
  // rangeUpper of old attributes is an unsigned number in a signed field.
  return value === undefined ? [] : String(value | 0);
}
