import type { Directory } from '@doublehop/directory/directory';
import type { Entry } from '@doublehop/directory/entry';
import type { AttributeType } from '@doublehop/directory/schema/schema';
import type { Syntax } from '@doublehop/directory/schema/syntax';
import { ConfigurationEntries } from '../configuration.ts';

/** The types of values that claims have (MS-ADTS 2.2.18.1 CLAIM_TYPE). */
export type ClaimValueType = 'integer' | 'unsigned' | 'string' | 'boolean';

/** A claim that the KDC issues: an msDS-ClaimType object that is enabled (MS-ADTS 3.1.1.11.2). */
export interface ClaimType {
  /** Its name is the claim's ID: `ad://ext/department:88d06c2a`. */
  readonly id: string;
  /** cn of the classes whose accounts have it, in lower case. */
  readonly classes: ReadonlySet<string>;
  readonly source: ClaimTypeSource;
}

/** What a claim is made of: an attribute of the account, or the silo that it is in. */
export type ClaimTypeSource =
  | { readonly kind: 'attribute'; readonly attribute: AttributeType; readonly type: ClaimValueType }
  | { readonly kind: 'silo' };

/** The one constructed claim that there is; its case counts (MS-ADTS 3.1.1.11.2.2). */
const SILO_CLAIM = 'ad://ext/AuthenticationSilo';

/** The claim types of a domain, read again when one changes. */
export function claimTypes(directory: Directory): ConfigurationEntries<readonly ClaimType[]> {
  return new ConfigurationEntries(
    directory,
    'CN=Claim Types,CN=Claims Configuration,CN=Services',
    (entries) => entries.flatMap((entry) => claimType(entry, directory) ?? []),
  );
}

/** undefined: no claim is issued for it. */
function claimType(entry: Entry, directory: Directory): ClaimType | undefined {
  if (entry.text('Enabled') !== 'TRUE') return undefined;
  const id = entry.text('name');
  const source = sourceOf(entry, directory);
  if (id === undefined || source === undefined) return undefined;
  const classes = entry
    .values('msDS-ClaimTypeAppliesToClass')
    .flatMap((dn) => (typeof dn === 'string' ? (cnOf(dn) ?? []) : []));
  return { id, classes: new Set(classes), source };
}

function sourceOf(entry: Entry, directory: Directory): ClaimTypeSource | undefined {
  const attributeDn = entry.text('msDS-ClaimAttributeSource');
  switch (entry.text('msDS-ClaimSourceType')?.toLowerCase() ?? '') {
    case 'ad': {
      const attribute = attributeDn === undefined ? undefined : attributeOf(attributeDn, directory);
      const type = VALUE_TYPES.get(entry.text('msDS-ClaimValueType') ?? '');
      if (attribute === undefined || type === undefined) return undefined;
      return isFit(attribute.syntax, type) ? { kind: 'attribute', attribute, type } : undefined;
    }
    case 'constructed': {
      const isSilo = entry.text('name') === SILO_CLAIM;
      const sourced = attributeDn !== undefined || entry.text('msDS-ClaimSource') !== undefined;
      return isSilo && !sourced ? { kind: 'silo' } : undefined;
    }
    // Claims of certificates come with a logon by certificate.
    default:
      return undefined;
  }
}

/** CLAIM_TYPE (MS-ADTS 2.2.18.1), as msDS-ClaimValueType has it. */
const VALUE_TYPES: ReadonlyMap<string, ClaimValueType> = new Map([
  ['1', 'integer'],
  ['2', 'unsigned'],
  ['3', 'string'],
  ['6', 'boolean'],
]);

/** The syntaxes whose values a claim of a type can have (MS-ADTS 3.1.1.11.2.2). */
const SYNTAXES: Readonly<Record<ClaimValueType, readonly Syntax[]>> = {
  integer: ['i4', 'enum', 'i8'],
  unsigned: ['oid'],
  string: ['dn', 'unicode', 'sd'],
  boolean: ['boolean'],
};

function isFit(syntax: Syntax, type: ClaimValueType): boolean {
  return SYNTAXES[type].includes(syntax);
}

/** The attribute that an attributeSchema object defines. */
function attributeOf(dn: string, directory: Directory): AttributeType | undefined {
  const { domain, schema } = directory;
  if (domain === undefined) return undefined;
  if (!dn.toLowerCase().endsWith(`,${domain.schemaDn.toLowerCase()}`)) return undefined;
  const name = directory.find(dn)?.text('lDAPDisplayName');
  return name === undefined ? undefined : schema.attribute(name);
}

/** The value of the leading CN of a DN, in lower case. */
function cnOf(dn: string): string | undefined {
  return /^CN=((?:[^,\\]|\\.)+),/i.exec(dn)?.[1]?.toLowerCase();
}
