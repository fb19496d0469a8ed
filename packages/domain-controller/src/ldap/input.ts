import type { Value } from '@doublehop/directory/entry';
import type { Schema } from '@doublehop/directory/schema/schema';
import { isBinary, toText } from '@doublehop/directory/schema/syntax';
import { LdapError } from '@doublehop/ldap/errors';
import { splitDescription } from './context.ts';
import { passwordRefused } from './failures.ts';
import { GEN_FAILURE } from './unicode-pwd.ts';

/**
 * The attribute that an update names, as the schema calls it: a client may give its OID instead
 * (RFC 4512 §2.5), which must not get past what is guarded by name. `binary` changes nothing
 * (MS-ADTS 3.1.1.3.1.1.2).
 */
export function updatedAttribute(schema: Schema, description: string): string {
  const { name, options } = splitDescription(description);
  if (options.every((option) => option.toLowerCase() === 'binary')) {
    return schema.attribute(name)?.name ?? name;
  }
  throw new LdapError('undefinedAttributeType', `no options are known for ${name}`);
}

/** Values of the wire in the directory's form: text by its syntax, or octets. */
export function inputValues(schema: Schema, name: string, values: readonly Uint8Array[]): Value[] {
  const type = schema.attribute(name);
  // What the schema does not know is refused by the directory itself.
  if (type === undefined || isBinary(type.syntax)) return values.map((value) => value.slice());
  if (type.syntax !== 'i4' && type.syntax !== 'enum') return values.map(toText);
  return values.map((value) => signed(toText(value)));
}

/** Numbers of 32 bits may come without their sign: 2147483650 is a groupType (MS-ADTS 2.2.12). */
function signed(text: string): string {
  const value = /^[0-9]{10}$/.test(text) ? Number(text) : 0;
  return value >= 2 ** 31 && value < 2 ** 32 ? String(value - 2 ** 32) : text;
}

/**
 * Which password an attribute sets, if it sets one: unicodePwd does (MS-ADTS 3.1.1.3.1.5.1), and
 * userPassword where dSHeuristics says so (MS-ADTS 3.1.1.3.1.5.2). dBCSPwd would be a hash.
 */
export function passwordAttribute(
  name: string,
  userPassword: boolean,
): 'unicodePwd' | 'userPassword' | undefined {
  const lower = name.toLowerCase();
  if (lower === 'dbcspwd') throw passwordRefused(GEN_FAILURE);
  if (lower === 'unicodepwd') return 'unicodePwd';
  return lower === 'userpassword' && userPassword ? 'userPassword' : undefined;
}
