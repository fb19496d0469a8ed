import type { AcceptedContext } from '@doublehop/kerberos/gss/acceptor';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { formatPrincipal, type Principal, principal } from '@doublehop/kerberos/names';
import { SecureText } from '@doublehop/powershell/objects/value';
import type { PasswordCredentials } from '@doublehop/remoting/credssp/ts-request';
import { RemotingError } from '@doublehop/remoting/errors';
import type { ShellOwner } from '@doublehop/remoting/wsman/shell-backend';
import { messageOf } from '../errors.ts';
import type { Host } from '../hosts/host.ts';
import { identityOf, type UserIdentity } from '../hosts/identity.ts';
import { realmOf, type Scenario } from '../scenario.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { openKerberosSession, openPasswordSession } from '../sessions/open-session.ts';

/**
 * Who authenticated on a connection to a host's WinRM service, and how a session of theirs opens.
 */
export interface WinRmCaller extends ShellOwner {
  readonly identity: UserIdentity;
  /** Logs the caller on, with what they came with. Throws LabError. */
  logOn(): Promise<HostSession>;
  /** The connection is gone: what it left is wiped. */
  forget(): void;
}

/** Kerberos: the ticket says who it is (MS-PAC), and may have brought a TGT along. */
export function ticketCaller(host: Host, context: AcceptedContext): WinRmCaller {
  const caller = { ...context.acceptance, principal: context.peer, context };
  const identity = verified(() => identityOf(caller, host.keys));
  return {
    name: identity.user,
    sid: identity.sid,
    identity,
    logOn: () => openKerberosSession(host, caller),
    // Also the TGT that came along: sessions have copies of it.
    forget: () => context.close(),
  };
}

/** CredSSP: the password is proved, and that it is the one of the inner ticket's user. */
export async function delegatedCaller(
  host: Host,
  { domain, user, password }: PasswordCredentials,
  context: AcceptedContext,
): Promise<WinRmCaller> {
  const name = domain === '' ? user : `${domain}\\${user}`;
  const caller = await passwordCaller(host, name, password);
  try {
    if (ticketCaller(host, context).sid === caller.sid) return caller;
  } catch (error) {
    caller.forget();
    throw error;
  }
  caller.forget();
  throw new RemotingError('authentication', 'the password is of another user than the ticket');
}

/** Basic and CredSSP: a cleartext logon. The password stays as long as the connection. */
export async function passwordCaller(
  host: Host,
  name: string,
  password: SecureText,
): Promise<WinRmCaller> {
  const user = userOf(host.scenario, name);
  const logOn = (): Promise<HostSession> =>
    openPasswordSession(host, {
      user,
      password: new SecureText(password.reveal().slice()),
      type: 'network-cleartext',
    });
  try {
    const proof = await logOn();
    const { identity } = proof;
    proof.logOff();
    return {
      name: identity.user,
      sid: identity.sid,
      identity,
      logOn,
      forget: () => password.wipe(),
    };
  } catch (cause) {
    password.wipe();
    const message = `${formatPrincipal(user)} is not logged on: ${messageOf(cause)}`;
    throw new RemotingError('authentication', message, { cause });
  }
}

/** `alice`, `CONTOSO\alice` or `alice@contoso.com`. */
export function userOf(scenario: Scenario, name: string): Principal {
  const short = name.slice(name.indexOf('\\') + 1);
  const [user = '', realm = realmOf(scenario)] = short.split('@');
  return principal(realm.toUpperCase(), NameType.PRINCIPAL, user);
}

function verified<T>(identify: () => T): T {
  try {
    return identify();
  } catch (cause) {
    throw new RemotingError('authentication', messageOf(cause), { cause });
  }
}
