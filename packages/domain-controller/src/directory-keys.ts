import type { RandomSource } from '@doublehop/crypto/random';
import { Key } from '@doublehop/crypto/key';
import { defaultEncryptionTypes } from '@doublehop/crypto/policy';
import { stringToKey } from '@doublehop/crypto/string-to-key';
import type { AccountKey } from '@doublehop/directory/account';
import type { Directory } from '@doublehop/directory/directory';
import type { Entry, EntryName } from '@doublehop/directory/entry';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { DomainControllerError } from './errors.ts';

/** What the salt of an account is made of. */
export interface SaltSubject {
  readonly samAccountName: string;
  /** Whether the account is a computer's, a managed service's too. */
  readonly machine: boolean;
  /** Absent or undefined: the account has none. */
  readonly userPrincipalName?: string | undefined;
}

/** The names of the domain that go into salts. */
export interface SaltDomain {
  readonly realm: string;
  readonly dnsName: string;
}

/** How keys are made. */
export interface PasswordOptions {
  /** Version of the new keys; absent: one more than the present one's. */
  readonly kvno?: number;
  /** Types to make keys of; RC4 (23) only where it is named here. */
  readonly encryptionTypes?: readonly number[];
  /** The new pwdLastSet as a Windows file time; absent: now. 0: the user must change it. */
  readonly passwordLastSet?: bigint;
  /**
   * Passwords that a user's policy remembers, the new one among them: older ones are forgotten
   * (MS-SAMR 3.1.1.7.1). Absent: as many as any policy may ask for.
   */
  readonly historyLength?: number;
}

/**
 * The salt of an account's AES keys (MS-KILE 3.1.1.2): `CONTOSO.COMalice` for a user, the name's
 * case as it is, and `CONTOSO.COMhostserverb.contoso.com` for a computer. A user with a UPN has the
 * name of that, without its suffix and slashes.
 */
export function saltOf({ realm, dnsName }: SaltDomain, subject: SaltSubject): string {
  const { samAccountName, machine, userPrincipalName } = subject;
  if (!machine) {
    const name = userPrincipalName?.replace(/@[^@]*$/, '').replaceAll('/', '');
    return `${realm}${name ?? samAccountName}`;
  }
  const host = samAccountName.replace(/\$$/, '').toLowerCase();
  return `${realm}host${host}.${dnsName.toLowerCase()}`;
}

/** The keys of a password, derived on libuv threads; RC4 has no salt. */
export async function passwordKeys(
  password: string,
  salt: string,
  encryptionTypes: readonly number[] = defaultEncryptionTypes,
): Promise<readonly AccountKey[]> {
  return await Promise.all(
    encryptionTypes.map(async (etype) => {
      const key = await stringToKey(etype, password, salt);
      return etype === RC4 ? { etype, bytes: key.bytes() } : { etype, bytes: key.bytes(), salt };
    }),
  );
}

/** Keys of no password: krbtgt's. */
export function randomKeys(
  random: RandomSource,
  encryptionTypes: readonly number[] = defaultEncryptionTypes,
): readonly AccountKey[] {
  return encryptionTypes.map((etype) => ({ etype, bytes: Key.random(etype, random).bytes() }));
}

/** A machine's password: 120 characters, as Windows makes it (MS-NRPC 3.4.3.1 asks for random). */
export function randomPassword(random: RandomSource, length = 120): string {
  let password = '';
  while (password.length < length) {
    for (const byte of random(length)) {
      // Bytes beyond a multiple of the alphabet would favour its first letters.
      if (byte < ALPHABET.length * 2) password += ALPHABET[byte % ALPHABET.length];
    }
  }
  return password.slice(0, length);
}

/** Sets an account's password: keys of every type under the next version, durable when resolved. */
export async function setPassword(
  directory: Directory,
  domain: SaltDomain,
  name: EntryName | string,
  password: string,
  options: PasswordOptions = {},
): Promise<void> {
  const salt = saltOf(domain, saltSubject(directory.get(name)));
  const keys = await passwordKeys(password, salt, options.encryptionTypes);
  await directory.write((writer) => storeKeys(writer, name, keys, options));
}

/** Writes keys under the next version, inside of a unit of writes. */
export function storeKeys(
  writer: DirectoryWriter,
  name: EntryName | string,
  keys: readonly AccountKey[],
  { kvno, passwordLastSet, historyLength = Infinity }: PasswordOptions = {},
): void {
  const entry = writer.find(name);
  const present = Number(entry?.text('msDS-KeyVersionNumber') ?? 0);
  const machine = entry !== undefined && isMachineClass(entry.values('objectClass'));
  const options = {
    keep: machine ? HONOURED_PASSWORDS : keptPasswords(historyLength),
    ...(passwordLastSet === undefined ? {} : { passwordLastSet }),
  };
  writer.setKeys(name, { kvno: kvno ?? present + 1, keys }, options);
}

/** Earlier passwords of a user, the longest history that a policy can ask for (MS-SAMR 2.2.3.5). */
const KEPT_PASSWORDS = 24;
/**
 * Earlier passwords that are kept whatever a policy says: tickets made with them come again, and
 * a machine's random ones are of no other use.
 */
const HONOURED_PASSWORDS = 2;

function keptPasswords(historyLength: number): number {
  return Math.min(Math.max(historyLength - 1, HONOURED_PASSWORDS), KEPT_PASSWORDS);
}

/** What the salt of an entry is made of; throws `config` for what is no account. */
export function saltSubject(entry: Entry): SaltSubject {
  const samAccountName = entry.text('sAMAccountName');
  if (samAccountName === undefined) {
    throw new DomainControllerError('config', `${entry.dn} is no account`);
  }
  return {
    samAccountName,
    machine: isMachineClass(entry.values('objectClass')),
    userPrincipalName: entry.text('userPrincipalName'),
  };
}

/** Whether an account of these classes has the salt of a computer (MS-KILE 3.1.1.2). */
export function isMachineClass(classes: readonly unknown[]): boolean {
  return classes.some((name) => MACHINES.has(String(name).toLowerCase()));
}

const RC4 = 23;

const MACHINES: ReadonlySet<string> = new Set([
  'computer',
  'msds-managedserviceaccount',
  'msds-groupmanagedserviceaccount',
]);

/** The printable characters of ASCII but space. */
const ALPHABET = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
