import { encodeGuid } from '@doublehop/security/guid';
import type { AttributeType, ClassType, Schema } from './schema/schema.ts';
import type { Syntax } from './schema/syntax.ts';

/** LDAP syntaxes of Active Directory's (MS-ADTS 3.1.1.2.2.2). */
const SYNTAXES: { readonly [syntax in Syntax]: string } = {
  boolean: '1.3.6.1.4.1.1466.115.121.1.7',
  case: '1.2.840.113556.1.4.1362',
  dn: '1.3.6.1.4.1.1466.115.121.1.12',
  dnbinary: '1.2.840.113556.1.4.903',
  dnstring: '1.2.840.113556.1.4.904',
  enum: '1.3.6.1.4.1.1466.115.121.1.27',
  gtime: '1.3.6.1.4.1.1466.115.121.1.24',
  i4: '1.3.6.1.4.1.1466.115.121.1.27',
  i8: '1.2.840.113556.1.4.906',
  ia5: '1.3.6.1.4.1.1466.115.121.1.26',
  numeric: '1.3.6.1.4.1.1466.115.121.1.36',
  octets: '1.3.6.1.4.1.1466.115.121.1.40',
  oid: '1.3.6.1.4.1.1466.115.121.1.38',
  presentation: '1.3.6.1.4.1.1466.115.121.1.43',
  printable: '1.3.6.1.4.1.1466.115.121.1.44',
  replica: '1.3.6.1.4.1.1466.115.121.1.40',
  sd: '1.2.840.113556.1.4.907',
  sid: '1.3.6.1.4.1.1466.115.121.1.40',
  teletex: '1.2.840.113556.1.4.905',
  unicode: '1.3.6.1.4.1.1466.115.121.1.15',
  utctime: '1.3.6.1.4.1.1466.115.121.1.53',
};

/** objectClassCategory as RFC 4512 §4.1.1 names it; classes of 1993 pass as structural. */
const KINDS: { readonly [category in ClassType['category']]: string } = {
  structural: 'STRUCTURAL',
  abstract: 'ABSTRACT',
  auxiliary: 'AUXILIARY',
  '88': 'STRUCTURAL',
};

/**
 * The attributes that describe the schema, on CN=Aggregate (MS-ADTS 3.1.1.3.1.1.1): descriptions
 * of RFC 4512 §4.1, and Active Directory's own of what those cannot say. By lower-case name.
 */
export const SUBSCHEMA: ReadonlyMap<string, (schema: Schema) => string[]> = new Map([
  ['attributetypes', (schema: Schema) => Array.from(schema.attributes(), attributeDescription)],
  ['objectclasses', (schema: Schema) => Array.from(schema.classes(), classDescription)],
  ['ditcontentrules', contentRules],
  ['extendedattributeinfo', (schema: Schema) => Array.from(schema.attributes(), attributeInfo)],
  ['extendedclassinfo', (schema: Schema) => Array.from(schema.classes(), classInfo)],
]);

function attributeDescription(type: AttributeType): string {
  const { oid, name, syntax, singleValued, systemOnly } = type;
  const single = singleValued ? ' SINGLE-VALUE' : '';
  const fixed = systemOnly ? ' NO-USER-MODIFICATION' : '';
  return `( ${oid} NAME '${name}' SYNTAX '${SYNTAXES[syntax]}'${single}${fixed} )`;
}

function classDescription(type: ClassType): string {
  const { oid, name, subClassOf, category, must, may } = type;
  const above = name === subClassOf ? '' : ` SUP ${subClassOf}`;
  const sets = `${setOf('MUST', must)}${setOf('MAY', may)}`;
  return `( ${oid} NAME '${name}'${above} ${KINDS[category]}${sets} )`;
}

/** What auxiliary classes add to a structural one (RFC 4512 §4.1.6). */
function contentRules(schema: Schema): string[] {
  return Array.from(schema.classes()).flatMap((type) => {
    if (type.category !== 'structural' && type.category !== '88') return [];
    const auxiliary = [...schema.withAuxiliaries(type)].filter(
      ({ category }) => category === 'auxiliary',
    );
    if (auxiliary.length === 0) return [];
    const names = auxiliary.map(({ name }) => name);
    const must = auxiliary.flatMap((each) => each.must);
    const may = auxiliary.flatMap((each) => each.may);
    const sets = `${setOf('AUX', names)}${setOf('MUST', must)}${setOf('MAY', may)}`;
    return [`( ${type.oid} NAME '${type.name}'${sets} )`];
  });
}

function setOf(word: string, names: readonly string[]): string {
  return names.length === 0 ? '' : ` ${word} (${[...new Set(names)].join(' $ ')} )`;
}

function attributeInfo(type: AttributeType): string {
  const { oid, name, rangeLower, rangeUpper, schemaIdGuid, propertySet } = type;
  const lower = rangeLower === undefined ? '' : ` RANGE-LOWER '${rangeLower}'`;
  const upper = rangeUpper === undefined ? '' : ` RANGE-UPPER '${rangeUpper}'`;
  const set = propertySet === undefined ? '' : ` PROPERTY-SET-GUID '${hex(propertySet)}'`;
  const indexed = (type.searchFlags & 1) === 0 ? '' : ' INDEXED';
  const system = type.systemOnly ? ' SYSTEM-ONLY' : '';
  const guid = `PROPERTY-GUID '${hex(schemaIdGuid)}'${set}`;
  return `( ${oid} NAME '${name}'${lower}${upper} ${guid}${indexed}${system} )`;
}

function classInfo({ oid, name, schemaIdGuid }: ClassType): string {
  return `( ${oid} NAME '${name}' CLASS-GUID '${hex(schemaIdGuid)}' )`;
}

function hex(guid: AttributeType['schemaIdGuid']): string {
  return Buffer.from(encodeGuid(guid)).toString('hex').toUpperCase();
}
