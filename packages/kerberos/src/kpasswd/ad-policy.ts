/**
 * What Active Directory answers beside SOFTERROR: its password policy in 30 octets in place of a
 * text. No specification has it; Windows sends it, and MIT krb5 (lib/krb5/krb/chpw.c) and Samba
 * (source4/kdc/kpasswd-helper.c) agree on what it is. The two zeros make it an empty string.
 */
export interface AdPasswordPolicy {
  /** Characters. */
  readonly minLength: number;
  /** Passwords that may not be used again. */
  readonly history: number;
  /** DOMAIN_PASSWORD_* bits (MS-SAMR 2.2.3.5); 1 asks for several kinds of characters. */
  readonly properties: number;
  /** Units of 100 ns. */
  readonly maxAge: bigint;
  readonly minAge: bigint;
}

const LENGTH = 30;
const COMPLEX = 1;
const DAY = 86_400n * 10_000_000n;

/** The policy in these octets, or undefined where they are something else. */
export function decodeAdPolicy(bytes: Uint8Array): AdPasswordPolicy | undefined {
  if (bytes.length !== LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH);
  if (view.getUint16(0) !== 0) return undefined;
  return {
    minLength: view.getUint32(2),
    history: view.getUint32(6),
    properties: view.getUint32(10),
    maxAge: view.getBigUint64(14),
    minAge: view.getBigUint64(22),
  };
}

/** The policy as those octets. */
export function encodeAdPolicy(policy: AdPasswordPolicy): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(2, policy.minLength);
  view.setUint32(6, policy.history);
  view.setUint32(10, policy.properties);
  view.setBigUint64(14, policy.maxAge);
  view.setBigUint64(22, policy.minAge);
  return bytes;
}

/** The same as sentences; undefined for octets that are no policy. */
export function formatAdPolicy(bytes: Uint8Array): string | undefined {
  const policy = decodeAdPolicy(bytes);
  if (policy === undefined) return undefined;
  const { minLength, history, properties, minAge } = policy;
  const rules: string[] = [];
  if (minLength > 0) rules.push(`has at least ${minLength} characters`);
  if ((properties & COMPLEX) !== 0)
    rules.push('mixes letters, digits and signs and holds no name of its owner');
  if (history > 0) rules.push(`is none of the last ${history}`);
  const rule = rules.length === 0 ? [] : [`a password ${rules.join(', ')}`];
  // A younger password is refused too: in whole days, as it is set there.
  const days = minAge / DAY + (minAge % DAY === 0n ? 0n : 1n);
  if (days > 0n)
    rule.push(`it can be changed ${days === 1n ? 'once a day' : `every ${days} days`}`);
  return rule.length === 0 ? 'the policy asks for nothing' : rule.join('; ');
}
