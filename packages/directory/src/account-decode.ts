import { decodeSid, domainOf, ridOf, type Sid } from '@doublehop/security/sid';
import type { Account, AccountGroup, AccountKind } from './account.ts';
import { WellKnownRid } from './account-control.ts';
import { groupsOf, GroupType, type GroupCache, type GroupMembership } from './groups.ts';
import { decodeKeys } from './keys-record.ts';
import { needed, type KnownAttributes } from './known-attributes.ts';
import { keysKey } from './layout.ts';
import type { StoredEntry } from './record.ts';
import type { AttributeType, Schema } from './schema/schema.ts';
import type { View } from './view.ts';

/** An account and the entries it was made from: when one of them changes, so may it. */
export interface DecodedAccount {
  readonly account: Account;
  readonly sources: readonly number[];
}

/** SE_GROUP_MANDATORY, ENABLED_BY_DEFAULT and ENABLED (MS-PAC 2.2.1). */
const GROUP_ATTRIBUTES = 0x7;
/** SE_GROUP_RESOURCE besides (MS-PAC 2.2.1). */
const RESOURCE_ATTRIBUTES = 0x2000_0007;

/** Attributes of accounts beyond the directory's own, looked up once. */
export type AccountAttributes = Readonly<Record<(typeof NAMES)[number], AttributeType>>;

const NAMES = [
  'badPwdCount',
  'displayName',
  'dNSHostName',
  'lockoutTime',
  'logonCount',
  'logonHours',
  'msDS-AllowedToActOnBehalfOfOtherIdentity',
  'msDS-AllowedToDelegateTo',
] as const;

/** The attributes in a schema. */
export function accountAttributes(schema: Schema): AccountAttributes {
  const pairs = NAMES.map((name) => [name, needed(schema, name)]);
  // The pairs are exactly one for each of NAMES.
  return Object.fromEntries(pairs) as AccountAttributes;
}

/** The account of an entry; undefined when the entry is none. */
export function decodeAccount(
  view: View,
  known: KnownAttributes,
  more: AccountAttributes,
  entry: StoredEntry,
  groups: GroupCache,
): DecodedAccount | undefined {
  const kind = kindOf(entry, known);
  const sidBytes = entry.bytes(known.objectSid.code);
  const dn = view.dnOfEntry(entry);
  if (kind === undefined || sidBytes === undefined || dn === undefined) return undefined;
  const sid = decodeSid(sidBytes);
  const memberships = groupsOf(view, known, entry, groups);
  const record = view.reader.get(keysKey(entry.id));
  const [keys, ...previousKeys] = record === undefined ? [] : decodeKeys(record);
  const account: Account = {
    id: entry.id,
    usn: number(entry, known.usnChanged),
    kind,
    sid,
    rid: ridOf(sid),
    dn,
    samAccountName: entry.text(known.samAccountName.code) ?? '',
    userPrincipalName: entry.text(known.userPrincipalName.code),
    displayName: entry.text(more.displayName.code),
    dnsHostName: entry.text(more.dNSHostName.code),
    servicePrincipalNames: texts(entry, known.servicePrincipalName),
    userAccountControl: number(entry, known.userAccountControl),
    accountExpires: large(entry, known.accountExpires),
    lockoutTime: large(entry, more.lockoutTime),
    pwdLastSet: large(entry, known.pwdLastSet),
    logonCount: number(entry, more.logonCount),
    badPwdCount: number(entry, more.badPwdCount),
    logonHours: entry.bytes(more.logonHours.code),
    allowedToDelegateTo: texts(entry, more['msDS-AllowedToDelegateTo']),
    allowedToActOnBehalf: entry.bytes(more['msDS-AllowedToActOnBehalfOfOtherIdentity'].code),
    supportedEncryptionTypes: entry.has(known.msDSSupportedEncryptionTypes.code)
      ? number(entry, known.msDSSupportedEncryptionTypes)
      : undefined,
    primaryGroupRid: number(entry, known.primaryGroupId),
    ...sortGroups(domainOf(sid), memberships, historyOf(entry, known)),
    keys,
    previousKeys,
  };
  return { account, sources: memberships.map((group) => group.id) };
}

type Groups = Pick<
  Account,
  'groups' | 'resourceGroups' | 'builtinGroups' | 'extraSids' | 'protectedUser'
>;

/** Where each group goes in a PAC (MS-KILE 3.3.5.7.3; MS-PAC 2.5). */
function sortGroups(
  domain: Sid,
  memberships: readonly GroupMembership[],
  history: readonly Sid[],
): Groups {
  const groups: AccountGroup[] = [];
  const resourceGroups: AccountGroup[] = [];
  const builtinGroups: Sid[] = [];
  const extraSids: Sid[] = [...history];
  let protectedUser = false;
  for (const { sid, type } of memberships) {
    if ((type & GroupType.builtin) !== 0) builtinGroups.push(sid);
    else if (domainOf(sid) !== domain) extraSids.push(sid);
    else if ((type & GroupType.domainLocal) !== 0) {
      resourceGroups.push({ sid, rid: ridOf(sid), attributes: RESOURCE_ATTRIBUTES });
    } else groups.push({ sid, rid: ridOf(sid), attributes: GROUP_ATTRIBUTES });
    protectedUser ||= domainOf(sid) === domain && ridOf(sid) === WellKnownRid.protectedUsers;
  }
  return { groups, resourceGroups, builtinGroups, extraSids, protectedUser };
}

function kindOf(entry: StoredEntry, known: KnownAttributes): AccountKind | undefined {
  const classes = entry.values(known.objectClass.code);
  if (classes.includes('msDS-GroupManagedServiceAccount')) return 'groupManagedService';
  if (classes.includes('msDS-ManagedServiceAccount')) return 'managedService';
  if (classes.includes('computer')) return 'computer';
  return classes.includes('user') ? 'user' : undefined;
}

function historyOf(entry: StoredEntry, known: KnownAttributes): Sid[] {
  const values = entry.values(known.sidHistory.code);
  return values.flatMap((value) => (value instanceof Uint8Array ? [decodeSid(value)] : []));
}

function texts(entry: StoredEntry, type: AttributeType): string[] {
  return entry.values(type.code).filter((value) => typeof value === 'string');
}

function number(entry: StoredEntry, type: AttributeType): number {
  return Number(entry.text(type.code) ?? '0');
}

function large(entry: StoredEntry, type: AttributeType): bigint {
  return BigInt(entry.text(type.code) ?? '0');
}
