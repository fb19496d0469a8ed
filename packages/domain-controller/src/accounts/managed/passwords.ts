import type { RandomSource } from '@doublehop/crypto/random';
import type { Directory } from '@doublehop/directory/directory';
import type { Entry, EntryName } from '@doublehop/directory/entry';
import { fileTimeOf } from '@doublehop/security/filetime';
import { decodeGuid, type Guid } from '@doublehop/security/guid';
import { fromHex } from '@doublehop/wire/bytes';
import {
  passwordKeys,
  type SaltDomain,
  saltOf,
  saltSubject,
  storeKeys,
} from '../../directory-keys.ts';
import { DomainControllerError } from '../../errors.ts';
import {
  cycleOf,
  GROUP_KEY_LENGTH,
  KEY_CYCLE,
  managedPassword,
  placeAt,
  placeOf,
  type RootKey,
} from './group-keys.ts';
import { decodeKeyId, encodeKeyId, type ManagedKeyId } from './key-id.ts';
import { encodePasswordBlob } from './password-blob.ts';

/** What managed passwords are made with. */
export interface ManagedOptions {
  readonly directory: Directory;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  readonly encryptionTypes?: readonly number[];
}

const GMSA = 'msDS-GroupManagedServiceAccount';
const DEFAULT_INTERVAL = 30;
/** Days to cycles of ten hours. */
const HOURS_OF_CYCLE = 10;
/** Five minutes: the clocks of a domain differ by no more (MS-GKDI 3.1.4.1). */
const CLOCK_SKEW = 3_000_000_000n;

/** Whether an entry is a group managed service account. */
export function isManaged(entry: Entry): boolean {
  return entry.values('objectClass').some((name) => String(name) === GMSA);
}

/**
 * Gives a group managed service account the password of now, and keys made of it; the first of all
 * makes the domain's root key too (MS-GKDI 3.1.4.1.1). Durable when it resolves.
 */
export async function giveManagedPassword(
  options: ManagedOptions,
  name: EntryName | string,
): Promise<void> {
  const { directory, clock } = options;
  const root = findRootKey(directory) ?? (await makeRootKey(options));
  const entry = directory.get(name);
  const former = keyIdOf(entry, 'msDS-ManagedPasswordId');
  const place =
    former === undefined ? placeAt(fileTimeOf(clock())) : nextPlace(entry, former, clock());
  const password = managedPassword(root, sidOf(entry), place);
  const keys = await keysOf(options, entry, password);
  password.fill(0);
  const domain = domainOf(directory).dnsName;
  const id = encodeKeyId({ place, root: root.id, domain, forest: domain });
  const before = entry.values('msDS-ManagedPasswordId');
  await directory.write((writer) => {
    storeKeys(writer, { id: entry.id }, keys);
    writer.modify(
      { id: entry.id },
      [
        { operation: 'replace', attribute: 'msDS-ManagedPasswordId', values: [id] },
        { operation: 'replace', attribute: 'msDS-ManagedPasswordPreviousId', values: before },
      ],
      { system: true },
    );
  });
}

/** Gives the next password to every account whose interval is over. */
export async function rollManagedPasswords(options: ManagedOptions): Promise<void> {
  const { directory, clock } = options;
  const now = fileTimeOf(clock());
  const base = domainOf(directory).dn;
  const filter = { kind: 'equality', attribute: 'objectClass', value: GMSA } as const;
  for (const entry of directory.search({ base, scope: 'subtree', filter })) {
    const id = keyIdOf(entry, 'msDS-ManagedPasswordId');
    if (id === undefined || endOf(entry, id) <= now) {
      await giveManagedPassword(options, { id: entry.id });
    }
  }
}

/** The value of msDS-ManagedPassword at a time; undefined: the account has no password yet. */
export function managedPasswordValue(
  directory: Directory,
  entry: Entry,
  now: number,
): Uint8Array | undefined {
  const id = keyIdOf(entry, 'msDS-ManagedPasswordId');
  const root = id && findRootKey(directory, id.root);
  if (id === undefined || root === undefined) return undefined;
  const former = keyIdOf(entry, 'msDS-ManagedPasswordPreviousId');
  const formerRoot = former && findRootKey(directory, former.root);
  const left = endOf(entry, id) - fileTimeOf(now);
  const queryInterval = left > 0n ? left : 0n;
  return encodePasswordBlob({
    current: managedPassword(root, sidOf(entry), id.place),
    previous:
      former && formerRoot ? managedPassword(formerRoot, sidOf(entry), former.place) : undefined,
    queryInterval,
    unchangedInterval: queryInterval > CLOCK_SKEW ? queryInterval - CLOCK_SKEW : 0n,
  });
}

/** Keys of a managed password: as text it is whatever it is (UTF-16 with U+FFFD for the rest). */
export async function managedKeys(
  password: Uint8Array,
  domain: SaltDomain,
  samAccountName: string,
  encryptionTypes?: readonly number[],
): ReturnType<typeof passwordKeys> {
  const text = Buffer.from(password).toString('utf16le').toWellFormed();
  return await passwordKeys(
    text,
    saltOf(domain, { samAccountName, machine: true }),
    encryptionTypes,
  );
}

async function keysOf(
  { directory, encryptionTypes }: ManagedOptions,
  entry: Entry,
  password: Uint8Array,
): ReturnType<typeof passwordKeys> {
  const { dnsName } = domainOf(directory);
  const domain = { realm: dnsName.toUpperCase(), dnsName };
  const { samAccountName } = saltSubject(entry);
  return await managedKeys(password, domain, samAccountName, encryptionTypes);
}

function cyclesOf(entry: Entry): bigint {
  const days = Number(entry.text('msDS-ManagedPasswordInterval') ?? DEFAULT_INTERVAL);
  return BigInt(Math.max(1, Math.floor((days * 24) / HOURS_OF_CYCLE)));
}

type KeyId = Pick<ManagedKeyId, 'place' | 'root'>;

/** When a password ends: a Windows file time. */
function endOf(entry: Entry, { place }: KeyId): bigint {
  return (cycleOf(place) + cyclesOf(entry)) * KEY_CYCLE;
}

/** The place of the next password: a whole number of intervals after the former one. */
function nextPlace(entry: Entry, { place }: KeyId, now: number): ManagedKeyId['place'] {
  const step = cyclesOf(entry);
  const passed = fileTimeOf(now) / KEY_CYCLE - cycleOf(place);
  return placeOf(cycleOf(place) + (passed / step) * step);
}

function keyIdOf(entry: Entry, attribute: string): KeyId | undefined {
  const [value] = entry.values(attribute);
  return value instanceof Uint8Array ? decodeKeyId(value) : undefined;
}

function sidOf(entry: Entry): NonNullable<Entry['sid']> {
  if (entry.sid !== undefined) return entry.sid;
  throw new DomainControllerError('config', `${entry.dn} is no account`);
}

function domainOf(directory: Directory): NonNullable<Directory['domain']> {
  if (directory.domain !== undefined) return directory.domain;
  throw new DomainControllerError('no-domain', 'there is no domain');
}

function serviceDn(directory: Directory): string {
  const { configurationDn } = domainOf(directory);
  return `CN=Group Key Distribution Service,CN=Services,${configurationDn}`;
}

/** A root key: the one of an identifier, or any. */
function findRootKey(directory: Directory, id?: Guid): RootKey | undefined {
  const base = `CN=Master Root Keys,${serviceDn(directory)}`;
  if (directory.find(base) === undefined) return undefined;
  const filter = {
    kind: 'equality',
    attribute: 'objectClass',
    value: 'msKds-ProvRootKey',
  } as const;
  for (const entry of directory.search({ base, scope: 'one', filter })) {
    const [data] = entry.values('msKds-RootKeyData');
    const name = entry.text('cn')?.toLowerCase();
    if (!(data instanceof Uint8Array) || data.length !== GROUP_KEY_LENGTH || !isGuid(name))
      continue;
    if (id === undefined || id === name) return { id: name, data };
  }
  return undefined;
}

function isGuid(text: string | undefined): text is Guid {
  return text !== undefined && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u.test(text);
}

/** MS-GKDI 3.1.4.1.1, with the defaults of its server configuration. */
async function makeRootKey({ directory, clock, random }: ManagedOptions): Promise<RootKey> {
  const id = decodeGuid(random(16));
  const data = random(GROUP_KEY_LENGTH).slice();
  const now = fileTimeOf(clock()).toString();
  const { dn } = domainOf(directory);
  const folder = `CN=Master Root Keys,${serviceDn(directory)}`;
  return await directory.write((writer) => {
    const other = findRootKey(directory);
    if (other !== undefined) return other;
    if (writer.find(folder) === undefined) writer.add(folder, { objectClass: 'container' });
    writer.add(`CN=${id},${folder}`, {
      objectClass: 'msKds-ProvRootKey',
      'msKds-CreateTime': now,
      'msKds-UseStartTime': now,
      'msKds-DomainID': dn,
      'msKds-Version': '1',
      'msKds-KDFAlgorithmID': 'SP800_108_CTR_HMAC',
      'msKds-KDFParam': [KDF_PARAMETERS],
      'msKds-SecretAgreementAlgorithmID': 'DH',
      'msKds-PublicKeyLength': '2048',
      'msKds-PrivateKeyLength': '256',
      'msKds-RootKeyData': [data],
    });
    return { id, data };
  });
}

/** KDF Parameters (MS-GKDI 2.2.1): 16 octets of header, then `SHA512`. */
const KDF_PARAMETERS: Uint8Array = fromHex(
  '00000000010000000e000000000000005300480041003500310032000000',
);
