import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import { sdFlags } from '@doublehop/ldap/controls';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import type { Filter } from '@doublehop/ldap/filter';
import { equals } from '@doublehop/ldap/filter';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { decodeSid, domainOf, ridOf, type Sid, withRid } from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import { equal, fromUtf8 } from '@doublehop/wire/bytes';
import { type AccountKind, ALLOWED_TO_ACT, kindOf } from '../account.ts';
import type { DomainConnection } from '../connection.ts';
import { entriesOf } from '../directory-client.ts';
import { AUDIT_SAMPLES } from '../limits.ts';
import { readDescriptor } from '../plan.ts';
import { sweepFailure } from '../targets.ts';
import { Pool } from './pool.ts';
import { SpnTable } from './spn-table.ts';

/** What is read of every account. */
export const AUDIT_ATTRIBUTES: readonly string[] = [
  'objectClass',
  'objectSid',
  'sAMAccountName',
  'userAccountControl',
  'servicePrincipalName',
  ALLOWED_TO_ACT,
  'msDS-AllowedToDelegateTo',
  'adminCount',
  'primaryGroupID',
  'mS-DS-CreatorSID',
  'nTSecurityDescriptor',
];

/** An account that delegates, is delegated to, or administers. */
export interface AuditAccount {
  readonly dn: string;
  readonly sid: Sid;
  readonly name: string;
  readonly kind: AccountKind;
  readonly control: number;
  readonly list: AuditList | undefined;
  /** msDS-AllowedToDelegateTo. */
  readonly services: readonly string[];
  /** adminCount is 1 or more: it is, or was, in a protected group (MS-ADTS 3.1.1.6.1.2). */
  readonly isGuarded: boolean;
}

/** A value of ALLOWED_TO_ACT, shared by the accounts that have the same octets. */
export interface AuditList {
  readonly descriptor: SecurityDescriptor | 'unparsable';
}

/** Somebody's descriptor (nTSecurityDescriptor), and whose it is. */
export interface DescriptorClass {
  readonly descriptor: SecurityDescriptor | 'unparsable';
  readonly kind: AccountKind;
  count: number;
  /** sAMAccountNames of the first few. */
  readonly samples: string[];
  /** Those among them whose takeover is that of the domain. */
  readonly high: AuditAccount[];
}

/** Computers that somebody added by the quota for users (mS-DS-CreatorSID). */
export interface Creations {
  count: number;
  readonly samples: string[];
}

/** Everything that one walk over the accounts of a domain found. */
export interface Collected {
  readonly accounts: readonly AuditAccount[];
  readonly lists: Pool<AuditList, 'list'>;
  readonly descriptors: Pool<DescriptorClass, AccountKind>;
  readonly creators: ReadonlyMap<Sid, Creations>;
  /** Accounts whose primary group is none of the usual ones, by the RID of that group. */
  readonly primaryGroups: ReadonlyMap<number, readonly Sid[]>;
  readonly spns: SpnTable;
  readonly seen: Seen;
}

interface Seen {
  computers: number;
  users: number;
  managedAccounts: number;
  /** Accounts of which an attribute that every account has was not told. */
  withoutControl: number;
  withoutDescriptor: number;
  withoutSid: number;
  /** Accounts with more values of an attribute than the directory gives at once. */
  partial: number;
}

export interface CollectOptions {
  /** DN of a folder; the whole domain where absent. */
  readonly searchBase?: string | undefined;
  /** Told how many accounts were read, now and then. */
  readonly onProgress?: ((accounts: number) => void) | undefined;
  /** Read of every account beside what an audit needs, for `onAccount`. */
  readonly attributes?: readonly string[] | undefined;
  /** Gets every account, for outputs that tell of every account. */
  readonly onAccount?: ((account: AuditAccount, more: AccountDetail) => void) | undefined;
}

/** What is told of an account beside what is kept of it. */
export interface AccountDetail {
  readonly spns: readonly string[];
  readonly descriptor: DescriptorClass | undefined;
  readonly entry: ClientEntry;
}

/** Users, computers and managed accounts: whoever is of the class user or one below it. */
const ACCOUNTS: Filter = equals('objectClass', 'user');

/** Rights in the flags of LDAP_SERVER_SD_FLAGS_OID: owner, group, DACL (MS-ADTS 3.1.1.3.4.1.11). */
const WITHOUT_SACL = 7;

/**
 * Reads all accounts once, by pages, and keeps what an audit needs: in full the few that delegate
 * or administer, of the others a few octets. Throws AdminError `not-found`, `usage`,
 * `other-domain` for a folder that cannot be meant, LdapError.
 */
export async function collect(
  { client, domain }: DomainConnection,
  options: CollectOptions,
): Promise<Collected> {
  const base = options.searchBase ?? domain.namingContext;
  const collector = new Collector(options);
  const items = client.searchAll({
    base,
    filter: ACCOUNTS,
    attributes: [...AUDIT_ATTRIBUTES, ...(options.attributes ?? [])],
    controls: [sdFlags.encode({ flags: WITHOUT_SACL })],
  });
  try {
    for await (const entry of entriesOf(items)) collector.take(entry);
  } catch (error) {
    throw sweepFailure(error, base, domain.dnsName);
  }
  return collector.result();
}

class Collector {
  readonly #accounts: AuditAccount[] = [];
  readonly #lists = new Pool<AuditList, 'list'>((bytes) => ({ descriptor: decoded(bytes) }));
  readonly #descriptors = new Pool<DescriptorClass, AccountKind>((bytes, kind) => ({
    descriptor: decoded(bytes),
    kind,
    count: 0,
    samples: [],
    high: [],
  }));
  readonly #creators = new Map<Sid, Creations>();
  readonly #primaryGroups = new Map<number, Sid[]>();
  readonly #spns = new SpnTable();
  readonly #options: CollectOptions;
  readonly #seen: Seen = {
    computers: 0,
    users: 0,
    managedAccounts: 0,
    withoutControl: 0,
    withoutDescriptor: 0,
    withoutSid: 0,
    partial: 0,
  };
  readonly #sidOf = sidReader();
  #number = 0;

  constructor(options: CollectOptions) {
    this.#options = options;
  }

  take(entry: ClientEntry): void {
    const { dn, attributes } = entry;
    const read = readAttributes(attributes);
    if (read.sid === undefined) {
      this.#seen.withoutSid += 1;
      return;
    }
    this.#number += 1;
    for (const spn of read.spns) this.#spns.add(spn, this.#number);
    this.#count(read);
    const list = read.list === undefined ? undefined : this.#lists.of(read.list, 'list');
    const found = this.#accountOf(dn, read, list);
    const descriptor =
      read.descriptor === undefined ? undefined : this.#descriptors.of(read.descriptor, read.kind);
    if (descriptor !== undefined) note(descriptor, read.name);
    if (found !== undefined) {
      this.#accounts.push(found);
      if (descriptor !== undefined && isHigh(found)) descriptor.high.push(found);
    }
    const { onAccount, onProgress } = this.#options;
    if (this.#number % PROGRESS_EVERY === 0) onProgress?.(this.#number);
    if (onAccount === undefined) return;
    const account = found ?? whole({ dn, sid: this.#sidOf(read.sid) }, read, list);
    onAccount(account, { spns: read.spns.map(fromUtf8), descriptor, entry });
  }

  result(): Collected {
    this.#options.onProgress?.(this.#number);
    return {
      accounts: this.#accounts,
      lists: this.#lists,
      descriptors: this.#descriptors,
      creators: this.#creators,
      primaryGroups: this.#primaryGroups,
      spns: this.#spns,
      seen: this.#seen,
    };
  }

  #count(read: ReadAccount): void {
    const seen = this.#seen;
    if (read.kind === 'computer') seen.computers += 1;
    else if (read.kind === 'gMSA' || read.kind === 'MSA') seen.managedAccounts += 1;
    else seen.users += 1;
    if (read.control === undefined) seen.withoutControl += 1;
    if (read.descriptor === undefined) seen.withoutDescriptor += 1;
    if (read.isPartial) seen.partial += 1;
    const { primaryGroup, sid } = read;
    if (sid !== undefined && !USUAL_GROUPS.has(primaryGroup)) {
      const known = this.#primaryGroups.get(primaryGroup) ?? [];
      known.push(decodeSid(sid));
      this.#primaryGroups.set(primaryGroup, known);
    }
    if (read.creator === undefined) return;
    const creator = decodeSid(read.creator);
    const known = this.#creators.get(creator) ?? { count: 0, samples: [] };
    note(known, read.name);
    this.#creators.set(creator, known);
  }

  /** Nothing for the many accounts about which there is nothing to say. */
  #accountOf(dn: string, read: ReadAccount, list: AuditList | undefined): AuditAccount | undefined {
    const plain =
      list === undefined &&
      read.services.length === 0 &&
      !read.isGuarded &&
      ((read.control ?? 0) & REMARKABLE) === 0 &&
      read.name.toUpperCase() !== AZURE_SSO;
    return plain || read.sid === undefined
      ? undefined
      : whole({ dn, sid: this.#sidOf(read.sid) }, read, list);
  }
}

/** Primary groups that accounts are made with (MS-SAMR 3.1.1.8.1): in them is nearly everybody. */
export const USUAL_GROUPS: ReadonlySet<number> = new Set([
  DomainRid.domainUsers,
  DomainRid.domainGuests,
  DomainRid.domainComputers,
  DomainRid.domainControllers,
  DomainRid.readOnlyDomainControllers,
]);

/** Accounts between two calls of `onProgress`. */
const PROGRESS_EVERY = 200;

/** The account of Microsoft Entra's seamless sign-on: its key makes tickets for the cloud. */
const AZURE_SSO = 'AZUREADSSOACC$';

const REMARKABLE =
  ACCOUNT_CONTROL.TRUSTED_FOR_DELEGATION |
  ACCOUNT_CONTROL.TRUSTED_TO_AUTH_FOR_DELEGATION |
  ACCOUNT_CONTROL.SERVER_TRUST_ACCOUNT |
  ACCOUNT_CONTROL.PARTIAL_SECRETS_ACCOUNT;

/** Whether the account is a domain controller, a read-only one included. */
export function isController({ control }: AuditAccount): boolean {
  const bits = ACCOUNT_CONTROL.SERVER_TRUST_ACCOUNT | ACCOUNT_CONTROL.PARTIAL_SECRETS_ACCOUNT;
  return (control & bits) !== 0;
}

/** Whether who takes over the account has taken over the domain, or nearly. */
export function isHigh(account: AuditAccount): boolean {
  return (
    account.isGuarded ||
    isController(account) ||
    ridOf(account.sid) === DomainRid.krbtgt ||
    account.name.toUpperCase() === AZURE_SSO
  );
}

function note(class_: { count: number; readonly samples: string[] }, name: string): void {
  class_.count += 1;
  if (class_.samples.length < AUDIT_SAMPLES) class_.samples.push(name);
}

function decoded(bytes: Uint8Array): SecurityDescriptor | 'unparsable' {
  const read = readDescriptor(bytes);
  return read === 'absent' ? 'unparsable' : read;
}

function whole(
  { dn, sid }: Pick<AuditAccount, 'dn' | 'sid'>,
  read: ReadAccount,
  list: AuditList | undefined,
): AuditAccount {
  const { name, kind, control = 0, services, isGuarded } = read;
  return { dn, sid, name, kind, control, list, services, isGuarded };
}

/** Octets of a SID before its sub-authorities (MS-DTYP 2.4.2.2). */
const SID_HEADER = 8;

/** Reads the SIDs of one domain: what they have in common is kept once for all of them. */
function sidReader(): (octets: Uint8Array) => Sid {
  let head: Uint8Array | undefined;
  let domain: Sid = 'S-1-0';
  return (octets) => {
    const [, count = 0] = octets;
    if (count < 2 || octets.length !== SID_HEADER + 4 * count) return decodeSid(octets);
    const size = octets.length - 4;
    if (head === undefined || head.length !== size || !equal(head, octets.subarray(0, size))) {
      const sid = decodeSid(octets);
      domain = domainOf(sid);
      head = octets.slice(0, size);
    }
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    return withRid(domain, view.getUint32(size, true));
  };
}

const NONE: readonly Uint8Array[] = [];
const NO_TEXTS: readonly string[] = [];

/** An entry's values, still as octets where nobody may ask for them. */
interface ReadAccount {
  sid: Uint8Array | undefined;
  name: string;
  kind: AccountKind;
  control: number | undefined;
  spns: readonly Uint8Array[];
  list: Uint8Array | undefined;
  services: readonly string[];
  isGuarded: boolean;
  primaryGroup: number;
  isPartial: boolean;
  creator: Uint8Array | undefined;
  descriptor: Uint8Array | undefined;
}

/** One walk over the attributes: looking each up by name would cost more than all the rest. */
function readAttributes(attributes: ClientEntry['attributes']): ReadAccount {
  const read: ReadAccount = {
    sid: undefined,
    name: '?',
    kind: 'user',
    control: undefined,
    spns: NONE,
    list: undefined,
    services: NO_TEXTS,
    isGuarded: false,
    primaryGroup: DomainRid.domainUsers,
    isPartial: false,
    creator: undefined,
    descriptor: undefined,
  };
  for (const { type, values } of attributes) {
    const [first] = values;
    if (first === undefined) continue;
    // `servicePrincipalName;range=0-1499`: there are more (MS-ADTS 3.1.1.3.1.3.3).
    const [name = type, range] = type.split(';', 2);
    if (range !== undefined) read.isPartial = true;
    READERS.get(name.toLowerCase())?.(read, first, values);
  }
  return read;
}

type Reader = (read: ReadAccount, first: Uint8Array, values: readonly Uint8Array[]) => void;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['objectclass', (read, _, values) => (read.kind = kindOf(values.map(fromUtf8)))],
  ['objectsid', (read, first) => (read.sid = first)],
  ['samaccountname', (read, first) => (read.name = fromUtf8(first))],
  ['useraccountcontrol', (read, first) => (read.control = Number(fromUtf8(first)) | 0)],
  ['serviceprincipalname', (read, _, values) => (read.spns = values)],
  [ALLOWED_TO_ACT.toLowerCase(), (read, first) => (read.list = first)],
  ['msds-allowedtodelegateto', (read, _, values) => (read.services = values.map(fromUtf8))],
  ['admincount', (read, first) => (read.isGuarded = Number(fromUtf8(first)) > 0)],
  ['primarygroupid', (read, first) => (read.primaryGroup = Number(fromUtf8(first)))],
  ['ms-ds-creatorsid', (read, first) => (read.creator = first)],
  ['ntsecuritydescriptor', (read, first) => (read.descriptor = first)],
]);
