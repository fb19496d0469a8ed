import { field, type Infer, mapped, sequence, sequenceOf } from '@doublehop/wire/der';
import { generalString, paddedInt32 } from '@doublehop/wire/der-primitives';
import { WireError } from '@doublehop/wire/errors';
import { KerberosError } from './errors.ts';
import { NameType } from './iana/name-types.ts';
import { MAX_NAME_COMPONENTS, MAX_NAME_LENGTH } from './limits.ts';

/** KerberosString (RFC 4120 §5.2.1), bounded. */
export const kerberosString = mapped(generalString, checkedText, (text) => text);

/** Realm (RFC 4120 §5.2.2). */
export const realmType = kerberosString;

/**
 * name-type, one octet longer than DER has it if need be: Windows takes KRB_NT_MS_PRINCIPAL (-128)
 * as pyasn1 encodes it, so that impacket's requests are answered there. Nothing signed is written
 * again from what was read: checksums cover the octets that came.
 */
const nameTypeNumber = paddedInt32;

/** PrincipalName ::= SEQUENCE { name-type [0], name-string [1] SEQUENCE OF KerberosString } */
export const PrincipalName = sequence({
  nameType: field(0, nameTypeNumber),
  nameString: field(1, sequenceOf(kerberosString, MAX_NAME_COMPONENTS)),
});
/** A name inside a realm (RFC 4120 §5.2.2). */
export type PrincipalName = Infer<typeof PrincipalName>;

/** A name and its realm: who a ticket is from or for. */
export interface Principal {
  readonly name: PrincipalName;
  readonly realm: string;
}

/** A principal from its components. */
export function principal(realm: string, nameType: number, ...nameString: string[]): Principal {
  return { name: { nameType, nameString }, realm };
}

/** `krbtgt/TARGET@REALM`: the ticket-granting service of `target` as `realm` knows it. */
export function ticketGrantingService(realm: string, target: string = realm): Principal {
  return principal(realm, NameType.SRV_INST, 'krbtgt', target);
}

/**
 * Reads `component/component@REALM`; a backslash escapes `/`, `@`, `\`, and `\n \t \b \0` stand
 * for their characters (the text form of MIT's krb5_parse_name). Without a realm the given default
 * is taken. With the ENTERPRISE type the whole text is one component.
 *
 * Throws KerberosError `malformed`.
 */
export function parsePrincipal(
  text: string,
  defaultRealm: string | undefined,
  nameType?: number,
): Principal {
  const { components, realm } = splitName(text, nameType === NameType.ENTERPRISE);
  const actual = realm ?? defaultRealm;
  if (components.every((part) => part === '')) throw malformed(text, 'has no name');
  if (actual === undefined || actual === '') throw malformed(text, 'has no realm');
  const guessed = components.length > 1 ? serviceType(components) : NameType.PRINCIPAL;
  return { name: { nameType: nameType ?? guessed, nameString: components }, realm: actual };
}

/** The text form of a principal, as MIT's krb5_unparse_name writes it. */
export function formatPrincipal({ name, realm }: Principal): string {
  return `${formatName(name)}@${escapeComponent(realm)}`;
}

/** The text form of a name without its realm. */
export function formatName(name: PrincipalName): string {
  return name.nameString.map(escapeComponent).join('/');
}

/** Same name and realm; name types are hints and do not count (RFC 4120 §6.2). */
export function samePrincipal(a: Principal, b: Principal): boolean {
  return a.realm === b.realm && sameName(a.name, b.name);
}

/**
 * Same name and realm but for the case of ASCII letters: how Windows compares names of users and
 * domains (MS-KILE 3.1.5.7), where MIT krb5 and Heimdal tell `A` from `a` (RFC 4120 §6.1). Only for
 * two names of which another proof decides who is meant.
 */
export function samePrincipalFolded(a: Principal, b: Principal): boolean {
  return samePrincipal(a, b) || samePrincipal(folded(a), folded(b));
}

/** Same components. */
export function sameName(a: PrincipalName, b: PrincipalName): boolean {
  const { nameString } = a;
  return (
    nameString.length === b.nameString.length &&
    nameString.every((part, i) => part === b.nameString[i])
  );
}

/** Whether a name is a ticket-granting service's, of whichever realm (RFC 4120 §7.3). */
export function isTicketGrantingService(name: PrincipalName): boolean {
  return name.nameString.length === 2 && name.nameString[0] === 'krbtgt';
}

function folded({ name, realm }: Principal): Principal {
  const nameString = name.nameString.map(asciiLower);
  return { name: { nameType: name.nameType, nameString }, realm: asciiLower(realm) };
}

function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function checkedText(text: string): string {
  if (text.length > MAX_NAME_LENGTH) throw new WireError('oversize', 'a name is too long');
  if (text.includes('\0')) throw new WireError('value', 'a name contains NUL');
  return text;
}

function serviceType(components: readonly string[]): number {
  return components[0] === 'krbtgt' ? NameType.SRV_INST : NameType.SRV_HST;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b' };

function splitName(
  text: string,
  enterprise: boolean,
): { components: string[]; realm: string | undefined } {
  const components = [''];
  let realm: string | undefined;
  const append = (piece: string) => {
    if (realm === undefined) components[components.length - 1] += piece;
    else realm += piece;
  };
  // An enterprise name may hold one @ of its own; only a second one starts the realm.
  let separators = enterprise ? -1 : 0;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === '\\') {
      i += 1;
      if (i === text.length) throw malformed(text, 'ends with a backslash');
      append(ESCAPES[text.charAt(i)] ?? text.charAt(i));
    } else if (char === '@') {
      separators += 1;
      if (separators <= 0) append('@');
      else if (separators === 1) realm = '';
      else throw malformed(text, 'has two realms');
    } else if (char === '/' && realm === undefined && !enterprise) {
      components.push('');
    } else {
      append(char);
    }
  }
  if (components.length > MAX_NAME_COMPONENTS || text.length > MAX_NAME_LENGTH) {
    throw malformed('name', 'is too long');
  }
  return { components, realm };
}

function escapeComponent(text: string): string {
  if (!/[\\/@\n\t\b]/.test(text)) return text;
  return text.replace(/[\\/@]/g, '\\$&').replace(/[\n\t\b]/g, (char) => SPECIAL[char] ?? char);
}

const SPECIAL: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\b': '\\b' };

function malformed(text: string, what: string): KerberosError {
  return new KerberosError('malformed', `the principal "${text}" ${what}`, { subject: text });
}
