import { listGrants } from '@doublehop/delegation/grants';
import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import type { Sid } from '@doublehop/security/sid';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { ALLOWED_TO_ACT } from '../account.ts';
import type { DomainConnection } from '../connection.ts';
import { readDescriptor } from '../plan.ts';
import { LdapError } from '@doublehop/ldap/errors';
import { type AttributeChange, without } from './change.ts';

/** msDS-AllowedToDelegateTo (MS-ADA2 2.219): services to which an account may act for users. */
export const ALLOWED_TO_DELEGATE_TO = 'msDS-AllowedToDelegateTo';

export const USER_ACCOUNT_CONTROL = 'userAccountControl';

/** Names that a sentence has; the rest is counted. */
const NAMED = 3;

/** Two states of one attribute. */
export interface TwoStates {
  readonly before: readonly Uint8Array[];
  readonly after: readonly Uint8Array[];
}

/** What an attribute is called in sentences: `the list`. */
export function subjectOf(attribute: string): string {
  if (attribute === ALLOWED_TO_ACT) return 'the list';
  if (attribute === ALLOWED_TO_DELEGATE_TO) return 'the services';
  return attribute === USER_ACCOUNT_CONTROL ? 'the flags' : attribute;
}

/**
 * What is different, in some words: `SERVERA$ was added, SERVERB$ was taken away`. Empty where
 * there is nothing to say that people could make use of.
 */
export async function differenceOf(
  connection: DomainConnection,
  attribute: string,
  states: TwoStates,
): Promise<string> {
  if (states.after.length === 0 && attribute !== USER_ACCOUNT_CONTROL) return 'it was cleared';
  const come = await partsOf(connection, attribute, {
    before: states.after,
    after: states.before,
  });
  const gone = await partsOf(connection, attribute, states);
  return [...words(come, 'added'), ...words(gone, 'taken away')].join(', ');
}

/** A change as sentences, from its values alone: what was undone, or is kept in a journal. */
export async function changeWords(
  connection: DomainConnection,
  { target: { name }, attribute, before, after }: Omit<AttributeChange, 'sentences'>,
): Promise<readonly string[]> {
  const come = await partsOf(connection, attribute, { before: after, after: before });
  const gone = await partsOf(connection, attribute, { before, after });
  const sentences = [
    ...come.map((part) => partSentence(attribute, name, { part, now: 'now' })),
    ...gone.map((part) => partSentence(attribute, name, { part, now: 'no longer' })),
  ];
  if (sentences.length > 0) return sentences;
  const what = after.length === 0 ? 'is cleared' : 'is changed without effect on anybody';
  return [`${subjectOf(attribute)} of ${name} ${what}`];
}

function partSentence(
  attribute: string,
  name: string,
  { part, now }: { readonly part: string; readonly now: 'now' | 'no longer' },
): string {
  if (attribute === ALLOWED_TO_ACT) return `${part} may ${now} act for users to ${name}`;
  if (attribute === ALLOWED_TO_DELEGATE_TO) return `${name} may ${now} act for users to ${part}`;
  return `${name} is ${now} ${flagWords(part)}`;
}

/** Flags in the words of Active Directory Users and Computers. */
const FLAG_WORDS: ReadonlyMap<string, string> = new Map([
  ['NOT_DELEGATED', 'sensitive and cannot be delegated'],
  ['TRUSTED_TO_AUTH_FOR_DELEGATION', 'trusted for any authentication protocol'],
  ['TRUSTED_FOR_DELEGATION', 'trusted for delegation to any service'],
]);

/** A flag in words that stand behind "is": the name of its bit where there are no better. */
export function flagWords(name: string): string {
  return FLAG_WORDS.get(name) ?? `marked ${name}`;
}

/** What an account must have that is refused a write. */
export function deniedAdvice({ attribute, before, after }: AttributeChange): string {
  const flags = attribute === USER_ACCOUNT_CONTROL && trustBits(before) !== trustBits(after);
  if (flags || attribute === ALLOWED_TO_DELEGATE_TO) {
    return (
      'besides write permission it takes the user right "Enable computer and user accounts to be ' +
      'trusted for delegation" (SeEnableDelegationPrivilege) on the controllers, which ' +
      'Administrators have'
    );
  }
  return (
    'use an account that has write permission on it (Account Restrictions), a domain ' +
    'administrator for instance'
  );
}

/** The number in a userAccountControl value. */
export function flagsOf(values: readonly Uint8Array[]): number {
  const [value] = values;
  return value === undefined ? 0 : Number(fromUtf8(value)) | 0;
}

/** A userAccountControl value: a decimal number, signed (MS-ADTS 3.1.1.2.2.2.12). */
export function flagValue(flags: number): Uint8Array {
  return utf8(String(flags | 0));
}

/** Bits that SeEnableDelegationPrivilege guards (MS-ADTS 3.1.1.5.3.1.1.2). */
function trustBits(values: readonly Uint8Array[]): number {
  const { TRUSTED_FOR_DELEGATION, TRUSTED_TO_AUTH_FOR_DELEGATION } = ACCOUNT_CONTROL;
  return flagsOf(values) & (TRUSTED_FOR_DELEGATION | TRUSTED_TO_AUTH_FOR_DELEGATION);
}

/** What `before` has and `after` has not. */
async function partsOf(
  connection: DomainConnection,
  attribute: string,
  { before, after }: TwoStates,
): Promise<readonly string[]> {
  if (attribute === ALLOWED_TO_ACT) {
    const kept = new Set(sidsOf(after));
    const sids = sidsOf(before).filter((sid) => !kept.has(sid));
    return await namesOf(connection, sids);
  }
  if (attribute === USER_ACCOUNT_CONTROL) {
    const gone = flagsOf(before) & ~flagsOf(after);
    return Object.entries(ACCOUNT_CONTROL).flatMap(([name, bit]) =>
      (gone & bit) === 0 ? [] : name,
    );
  }
  return attribute === ALLOWED_TO_DELEGATE_TO ? without(before, after).map(fromUtf8) : [];
}

function sidsOf(values: readonly Uint8Array[]): readonly Sid[] {
  const read = readDescriptor(values[0]);
  return typeof read === 'string' ? [] : listGrants(read).map(({ sid }) => sid);
}

/** Names where they can be had: this is said about a failure, and must not become one. */
async function namesOf(
  { names }: DomainConnection,
  sids: readonly Sid[],
): Promise<readonly string[]> {
  try {
    await names.lookUp(sids.slice(0, NAMED));
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
  }
  return sids.map((sid) => names.named(sid).name);
}

function words(names: readonly string[], what: string): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const verb = names.length === 1 ? 'was' : 'were';
  return [`${names.slice(0, NAMED).join(', ')}${more} ${verb} ${what}`];
}
