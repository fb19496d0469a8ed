import { isUtf8 } from 'node:buffer';
import type { AccountState } from '@doublehop/delegation/facts';
import type { Account } from '@doublehop/directory/account';
import { LdapError } from '@doublehop/ldap/errors';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { fromUtf8 } from '@doublehop/wire/bytes';
import { accountState } from '../kdc/account-state.ts';
import { MAX_PASSWORD, MAX_PENDING_BINDS } from '../limits.ts';
import { subjectOf } from './access/subject.ts';
import type { Caller, LdapContext } from './context.ts';
import { bindFailure, LogonFailure } from './failures.ts';
import { isPassword } from './verify-password.ts';

/**
 * The simple binds of all connections. Anybody may try, and a password costs thousands of hashes:
 * beyond a number of them at the same time the answer is `busy` (RFC 4511 §4.1.9, result 51).
 */
export class SimpleBinds {
  readonly #context: LdapContext;
  #pending = 0;

  constructor(context: LdapContext) {
    this.#context = context;
  }

  /** The client; throws as `simpleBind` does, and LdapError `busy`. */
  async bind(name: string, secret: Uint8Array): Promise<Caller> {
    if (this.#pending >= MAX_PENDING_BINDS) {
      throw new LdapError('busy', '0000200E: SvcErr: too many bind at the same time');
    }
    this.#pending += 1;
    try {
      return await simpleBind(this.#context, name, secret);
    } finally {
      this.#pending -= 1;
    }
  }
}

/**
 * A simple bind (MS-ADTS 5.1.1.1.1). The name is a DN, `<GUID=…>` or `<SID=…>`, a UPN,
 * `DOMAIN\name`, or a sAMAccountName. Throws invalidCredentials with Windows' reason; what is wrong
 * with an account is told to who knows its password, but that it is locked to everybody.
 */
async function simpleBind(context: LdapContext, name: string, secret: Uint8Array): Promise<Caller> {
  const { accounts, clock, settings } = context;
  context.directory.refresh();
  accounts.refresh();
  const account = findAccount(context, name);
  const password = textOf(secret);
  const right = await isPassword(account, password ?? '');
  if (account === undefined) throw bindFailure(LogonFailure.noSuchUser);
  const state = accountState(account, clock(), settings);
  if (state === 'locked') throw bindFailure(LogonFailure.locked);
  if (!right || password === undefined) throw bindFailure(LogonFailure.wrongPassword);
  const failure = FAILURES[state];
  if (failure !== undefined) throw bindFailure(failure);
  return callerOf(context, account);
}

/** The client that an account is, with the groups that the directory knows. */
export function callerOf(context: LdapContext, account: Account): Caller {
  const { sid, groups, resourceGroups, extraSids, samAccountName, dn } = account;
  const sids = new Set<Sid>([
    sid,
    ...[...groups, ...resourceGroups].map((group) => group.sid),
    ...extraSids,
    wellKnown.everyone,
    wellKnown.authenticatedUsers,
  ]);
  const token = { sids };
  return { ...subjectOf(context, sid, token), samAccountName, dn };
}

const FAILURES: Readonly<Record<AccountState, number | undefined>> = {
  usable: undefined,
  elsewhere: LogonFailure.noSuchUser,
  disabled: LogonFailure.disabled,
  locked: LogonFailure.locked,
  expired: LogonFailure.accountExpired,
  'outside-logon-hours': LogonFailure.logonHours,
  'password-expired': LogonFailure.passwordExpired,
  'password-must-change': LogonFailure.passwordMustChange,
};

function findAccount({ accounts, domain }: LdapContext, name: string): Account | undefined {
  if (name.includes('\\')) {
    const [prefix = '', ...rest] = name.split('\\');
    const given = prefix.toLowerCase();
    const ours = [domain.netbiosName.toLowerCase(), domain.dnsName.toLowerCase()];
    if (ours.includes(given)) return accounts.byName(rest.join('\\'));
  }
  return (name.includes('=') ? accounts.byDn(name) : undefined) ?? accounts.byName(name);
}

function textOf(secret: Uint8Array): string | undefined {
  return secret.length <= MAX_PASSWORD * 4 && isUtf8(secret) ? fromUtf8(secret) : undefined;
}
