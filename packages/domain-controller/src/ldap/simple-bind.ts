import { isUtf8 } from 'node:buffer';
import type { Account } from '@doublehop/directory/account';
import { LdapError } from '@doublehop/ldap/errors';
import { fromUtf8 } from '@doublehop/wire/bytes';
import { MAX_PASSWORD, MAX_PENDING_BINDS } from '../limits.ts';
import { findBindAccount } from './bind-name.ts';
import type { Caller, LdapContext } from './context.ts';
import { bindFailure, LogonFailure } from './failures.ts';
import { callerOf, logonResult } from './logon.ts';
import { graceKeys, isPassword } from './verify-password.ts';

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
 * A simple bind (MS-ADTS 5.1.1.1.1). Throws invalidCredentials with Windows' reason. That a name
 * means nobody is told apart from a wrong password, as Active Directory does, not by time.
 */
async function simpleBind(context: LdapContext, name: string, secret: Uint8Array): Promise<Caller> {
  context.directory.refresh();
  context.accounts.refresh();
  const account = findBindAccount(context, name);
  const password = textOf(secret);
  const right = await proves(context, account, password ?? '');
  const reason = logonResult(context, account, right && password !== undefined);
  if (account === undefined || reason !== undefined) {
    throw bindFailure(reason ?? LogonFailure.noSuchUser);
  }
  return callerOf(context, account);
}

async function proves(
  context: LdapContext,
  account: Account | undefined,
  password: string,
): Promise<boolean> {
  if (await isPassword(account, password)) return true;
  const keys = graceKeys(context, account, context.clock());
  return keys !== undefined && (await isPassword({ keys }, password));
}

function textOf(secret: Uint8Array): string | undefined {
  return secret.length <= MAX_PASSWORD * 4 && isUtf8(secret) ? fromUtf8(secret) : undefined;
}
