import { accountOf, ALLOWED_TO_ACT } from '@doublehop/admin/account';
import type { Principal } from '@doublehop/admin/account';
import { modificationsOf } from '@doublehop/admin/changes/write';
import type { DomainConnection } from '@doublehop/admin/connection';
import { AdminError } from '@doublehop/admin/errors';
import { planEdit } from '@doublehop/admin/plan';
import { resolveAccount, resolvePrincipal } from '@doublehop/admin/resolve';
import { setGrants } from '@doublehop/delegation/grants';
import type { ClientChange, ClientEntry } from '@doublehop/ldap/client/types';
import type { Parameter } from '@doublehop/powershell/commands/command';
import { asList, isTrue } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { PsDictionary, PsObject, type PsValue } from '@doublehop/powershell/objects/value';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { isSid } from '@doublehop/security/sid';
import type { Run } from './access.ts';
import { ACCOUNT_FLAGS } from './account-flags.ts';
import type { AccountKind } from './ad-object.ts';
import { identityText } from './identity.ts';
import { MissingIdentity } from './failures.ts';
import { attributeOf } from './properties.ts';

/** Parameters whose text is one attribute's value, by kind. */
const TEXTS: Readonly<Record<AccountKind, readonly string[]>> = {
  Computer: [
    'Description',
    'DisplayName',
    'DNSHostName',
    'Location',
    'OperatingSystem',
    'OperatingSystemVersion',
    'UserPrincipalName',
  ],
  ServiceAccount: ['Description', 'DisplayName', 'DNSHostName'],
  User: [
    'Description',
    'DisplayName',
    'GivenName',
    'Surname',
    'UserPrincipalName',
    'EmailAddress',
    'Title',
    'Department',
    'Company',
    'Office',
    'OfficePhone',
  ],
};

const ALL_TEXTS: readonly string[] = [...new Set(Object.values(TEXTS).flat())];

/** Flags that Set- and New- take; the others are Set-ADAccountControl's. */
const WRITABLE_FLAGS: Readonly<Record<AccountKind, readonly string[]>> = {
  Computer: ['Enabled', 'TrustedForDelegation', 'AccountNotDelegated', 'PasswordNeverExpires'],
  ServiceAccount: ['Enabled', 'TrustedForDelegation', 'AccountNotDelegated'],
  User: [
    'Enabled',
    'TrustedForDelegation',
    'AccountNotDelegated',
    'PasswordNeverExpires',
    'PasswordNotRequired',
    'SmartcardLogonRequired',
  ],
};

/** Parameters that Set- and New- of a kind have alike. */
export function writtenParameters(kind: AccountKind): readonly Parameter[] {
  return [
    { name: 'PrincipalsAllowedToDelegateToAccount', type: 'object', many: true },
    ...(kind === 'ServiceAccount' ? [RETRIEVERS] : []),
    ...TEXTS[kind].map((name): Parameter => ({ name, type: 'string' })),
    ...WRITABLE_FLAGS[kind].map((name): Parameter => ({ name, type: 'bool' })),
    {
      name: 'KerberosEncryptionType',
      type: 'string',
      many: true,
      validateSet: Object.keys(ENCRYPTION_TYPES),
    },
    { name: 'PassThru', type: 'switch' },
  ];
}

const RETRIEVERS: Parameter = {
  name: 'PrincipalsAllowedToRetrieveManagedPassword',
  type: 'object',
  many: true,
};

/** msDS-SupportedEncryptionTypes (MS-KILE 2.2.7) as ADKerberosEncryptionType names them. */
const ENCRYPTION_TYPES: Readonly<Record<string, number>> = {
  None: 0,
  DES: 0x3,
  RC4: 0x4,
  AES128: 0x8,
  AES256: 0x10,
};

/**
 * What a Set- command writes, all in one modify: whatever is refused, nothing of it is there.
 * Throws MissingIdentity for a principal that is nobody, AdminError for a list that cannot be
 * edited.
 */
export async function changesOf(
  connection: DomainConnection,
  entry: ClientEntry,
  bound: Run['bound'],
): Promise<readonly ClientChange[]> {
  const account = accountOf(entry);
  const changes: ClientChange[] = [
    ...(await grantChanges(connection, entry, bound)),
    ...(await writtenAttributes(connection, bound)).map(
      ([attribute, values]): ClientChange => ({ operation: 'replace', attribute, values }),
    ),
  ];
  const control = controlOf(bound, account.userAccountControl);
  if (control !== account.userAccountControl) {
    const values = [String(control)];
    changes.push({ operation: 'replace', attribute: 'userAccountControl', values });
  }
  const spns = bound['ServicePrincipalNames'];
  if (spns instanceof PsDictionary) changes.push(...tableChanges(spns, 'servicePrincipalName'));
  for (const operation of ['Add', 'Remove', 'Replace'] as const) {
    const table = bound[operation];
    if (!(table instanceof PsDictionary)) continue;
    for (const [name, value] of table.entries()) {
      changes.push(changeOf(operation, attributeOf(toText(name)), value));
    }
  }
  for (const name of asList(bound['Clear'] ?? null)) {
    changes.push({ operation: 'replace', attribute: attributeOf(toText(name)), values: [] });
  }
  return changes;
}

/** What a New- command writes besides what every entry of its kind has. */
export async function newAttributes(
  connection: DomainConnection,
  bound: Run['bound'],
): Promise<Readonly<Record<string, readonly (string | Uint8Array)[]>>> {
  const written = await writtenAttributes(connection, bound);
  const { PrincipalsAllowedToDelegateToAccount: named, OtherAttributes: others } = bound;
  if (named !== undefined) {
    written.push([ALLOWED_TO_ACT, descriptorOf(await principals(connection, named))]);
  }
  const spns = asList(bound['ServicePrincipalNames'] ?? null).map(toText);
  written.push(['servicePrincipalName', spns]);
  if (others instanceof PsDictionary) {
    for (const [name, value] of others.entries()) {
      written.push([attributeOf(toText(name)), valuesOf(value)]);
    }
  }
  return Object.fromEntries(written.filter(([, values]) => values.length > 0));
}

/** userAccountControl with the flags that are named, and the other bits as they are. */
export function controlOf(bound: Run['bound'], before: number): number {
  let control = before;
  for (const { name, bit, isInverse } of ACCOUNT_FLAGS) {
    const wanted = bound[name];
    if (wanted === undefined) continue;
    control = isTrue(wanted) === isInverse ? control & ~bit : control | bit;
  }
  return control;
}

type Values = readonly (string | Uint8Array)[];

async function grantChanges(
  connection: DomainConnection,
  entry: ClientEntry,
  bound: Run['bound'],
): Promise<readonly ClientChange[]> {
  const named = bound['PrincipalsAllowedToDelegateToAccount'];
  if (named === undefined) return [];
  const middles = await principals(connection, named);
  const edit =
    middles.length === 0 ? ({ kind: 'clear' } as const) : ({ kind: 'set', middles } as const);
  const { changed, before, after } = planEdit(accountOf(entry), edit);
  if (!changed) return [];
  // The value that was read is deleted: a change by somebody else since then is not overwritten.
  return modificationsOf({
    attribute: ALLOWED_TO_ACT,
    before: before === undefined ? [] : [before],
    after: after === undefined ? [] : [after],
  });
}

/** Attributes that are what a parameter says, nothing being said by an empty text. */
async function writtenAttributes(
  connection: DomainConnection,
  bound: Run['bound'],
): Promise<[string, Values][]> {
  const written: [string, Values][] = [];
  for (const name of ALL_TEXTS) {
    const value = bound[name];
    if (value === undefined) continue;
    const text = toText(value);
    written.push([attributeOf(name), text === '' ? [] : [text]]);
  }
  const types = bound['KerberosEncryptionType'];
  if (types !== undefined) {
    written.push(['msDS-SupportedEncryptionTypes', [String(encryptionTypes(types))]]);
  }
  const retrievers = bound['PrincipalsAllowedToRetrieveManagedPassword'];
  if (retrievers !== undefined) {
    const sids = await principals(connection, retrievers);
    written.push(['msDS-GroupMSAMembership', descriptorOf(sids)]);
  }
  return written;
}

function encryptionTypes(value: PsValue): number {
  const wanted = asList(value).map((one) => toText(one).toLowerCase());
  return Object.entries(ENCRYPTION_TYPES).reduce(
    (bits, [name, bit]) => (wanted.includes(name.toLowerCase()) ? bits | bit : bits),
    0,
  );
}

function descriptorOf(found: readonly Principal[]): Values {
  const sids = found.map(({ sid }) => sid);
  const { descriptor } = setGrants(undefined, sids);
  return sids.length === 0 || descriptor === undefined ? [] : [encodeDescriptor(descriptor)];
}

async function principals(connection: DomainConnection, value: PsValue): Promise<Principal[]> {
  const found: Principal[] = [];
  for (const one of asList(value)) {
    const text = principalText(one);
    try {
      found.push(
        isSid(text)
          ? await resolvePrincipal(connection, text)
          : await resolveAccount(connection, text),
      );
    } catch (error) {
      if (!(error instanceof AdminError) || error.code !== 'not-found') throw error;
      throw new MissingIdentity(text, connection.domain.namingContext);
    }
  }
  return found;
}

/** A principal: an object's SID, which also means something where it is of another domain. */
function principalText(value: PsValue): string {
  const sid = value instanceof PsObject ? value.get('SID') : undefined;
  return sid === undefined || sid === null ? identityText(value) : toText(sid);
}

/** `@{Add='a','b'; Remove='c'}` of one attribute. */
function tableChanges(table: PsDictionary, attribute: string): ClientChange[] {
  return [...table.entries()].map(([operation, value]) => {
    const name = toText(operation).toLowerCase();
    const known = (['Add', 'Remove', 'Replace'] as const).find((one) => one.toLowerCase() === name);
    if (known !== undefined) return changeOf(known, attribute, value);
    const message = `The key '${toText(operation)}' is none of Add, Remove and Replace.`;
    throw new AdminError('usage', message);
  });
}

function changeOf(
  operation: 'Add' | 'Remove' | 'Replace',
  attribute: string,
  value: PsValue,
): ClientChange {
  const kind = ({ Add: 'add', Remove: 'delete', Replace: 'replace' } as const)[operation];
  return { operation: kind, attribute, values: valuesOf(value) };
}

function valuesOf(value: PsValue): Values {
  if (value instanceof Uint8Array) return [value];
  return asList(value).map((one) => {
    if (one instanceof Uint8Array) return one;
    return typeof one === 'boolean' ? String(one).toUpperCase() : toText(one);
  });
}
