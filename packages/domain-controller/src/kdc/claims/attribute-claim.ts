import type { Entry, Value } from '@doublehop/directory/entry';
import type { AttributeType, Schema } from '@doublehop/directory/schema/schema';
import { decodeDescriptor } from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import type { PacClaim } from '@doublehop/security/pac/claims-set';
import { formatSddl } from '@doublehop/security/sddl';
import type { ClaimValueType } from './claim-types.ts';

/**
 * A claim made of an attribute's values; undefined where there is none that it can have (MS-ADTS
 * 3.1.1.11.2.2 GetADSourcedClaims).
 */
export function attributeClaim(
  entry: Entry,
  attribute: AttributeType,
  type: ClaimValueType,
  schema: Schema,
): PacClaim | undefined {
  const values = entry.values(attribute.name);
  const claim = claimOf(values, attribute, type, schema);
  return claim.values.length === 0 ? undefined : claim;
}

function claimOf(
  values: readonly Value[],
  attribute: AttributeType,
  type: ClaimValueType,
  schema: Schema,
): PacClaim {
  const texts = values.filter((value) => typeof value === 'string');
  switch (type) {
    case 'integer':
      return { type, values: texts.map((text) => BigInt(text)) };
    case 'boolean':
      return { type, values: texts.map((text) => text === 'TRUE') };
    case 'unsigned':
      // The most special class first, as Windows gives them.
      return { type, values: texts.toReversed().flatMap((name) => classNumber(name, schema)) };
    case 'string':
      return attribute.syntax === 'sd'
        ? { type, values: values.flatMap((value) => descriptorText(value)) }
        : { type, values: texts };
  }
}

function descriptorText(value: Value): string[] {
  if (typeof value === 'string') return [];
  try {
    return [formatSddl(decodeDescriptor(value))];
  } catch (error) {
    if (error instanceof SecurityError) return [];
    throw error;
  }
}

/** The prefixes of OIDs that are the same in every forest (MS-DRSR 5.16.4), by their number. */
const PREFIXES: ReadonlyMap<string, number> = new Map([
  ['2.5.4', 0],
  ['2.5.6', 1],
  ['1.2.840.113556.1.2', 2],
  ['1.2.840.113556.1.3', 3],
  ['2.5.5', 8],
  ['1.2.840.113556.1.4', 9],
  ['1.2.840.113556.1.5', 10],
  ['0.9.2342.19200300.100', 19],
  ['2.16.840.1.113730.3', 20],
  ['0.9.2342.19200300.100.1', 21],
  ['2.16.840.1.113730.3.1', 22],
  ['1.2.840.113556.1.5.7000', 23],
  ['2.5.21', 24],
  ['2.5.18', 25],
  ['2.5.20', 26],
  ['1.3.6.1.4.1.1466.101.119', 27],
  ['2.16.840.1.113730.3.2', 28],
  ['1.3.6.1.4.1.250.1', 29],
  ['1.2.840.113549.1.9', 30],
  ['0.9.2342.19200300.100.4', 31],
]);

/** A class as an ATTRTYP (MS-DRSR 5.14): `user` is 0x000a0009. */
function classNumber(name: string, schema: Schema): bigint[] {
  const oid = schema.classType(name)?.oid ?? '';
  const at = oid.lastIndexOf('.');
  const prefix = PREFIXES.get(oid.slice(0, at));
  return prefix === undefined ? [] : [BigInt(prefix * 0x1_0000 + Number(oid.slice(at + 1)))];
}
