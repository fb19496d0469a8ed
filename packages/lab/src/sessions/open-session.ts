import type { ClientSecret } from '@doublehop/kerberos/client/secret';
import type { KeyBlock } from '@doublehop/kerberos/credentials';
import type { NegotiateIdentity } from '@doublehop/kerberos/http/negotiate-server';
import { formatPrincipal, type Principal, samePrincipalFolded } from '@doublehop/kerberos/names';
import type { SecureText } from '@doublehop/powershell/objects/value';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { LabError } from '../errors.ts';
import type { Host } from '../hosts/host.ts';
import { identityOf, identityOfOwnTicket, type UserIdentity } from '../hosts/identity.ts';
import type { LogonSession, LogonType } from '../lsa/lsa.ts';
import { wipeCredential } from './credential.ts';
import { HostSession } from './host-session.ts';
import { logonFailed } from './refusals.ts';

/**
 * Kerberos: the user proved to be who the ticket names. What came with it is all there is: the
 * ticket itself, or a forwarded TGT. Throws LabError `identity`.
 */
export async function openKerberosSession(
  host: Host,
  caller: NegotiateIdentity,
): Promise<HostSession> {
  const identity = identityOf(caller, host.keys);
  const { principal: client, ticket, ticketPart, delegated } = caller;
  const evidence = { client, ticket, flags: ticketPart.flags };
  const common = { host, identity, connected: identity };
  // A TGT of somebody else is not what the user of this session may act with.
  if (delegated === undefined || !samePrincipalFolded(delegated.client, client)) {
    const logon = host.lsa.logOn(evidence);
    return new HostSession({ ...common, logon, credential: { kind: 'evidence', evidence } });
  }
  const logon = await host.lsa.logOnForwarded(delegated, evidence);
  return new HostSession({ ...common, logon, credential: { kind: 'forwarded-tgt' } });
}

/** NTLM: the user proved to be somebody, and left nothing. */
export function openNtlmSession(host: Host, identity: UserIdentity): HostSession {
  const logon = host.lsa.logOnAnonymously(identity.principal);
  return new HostSession({
    host,
    identity,
    connected: identity,
    logon,
    credential: { kind: 'none' },
  });
}

/** A user with a password, and how the password came. */
export interface PasswordLogon {
  readonly user: Principal;
  /** Taken over: it is wiped when the session ends, and when nobody is logged on. */
  readonly password: SecureText;
  /** `network-cleartext` for CredSSP and Basic, `interactive` for somebody at the keyboard. */
  readonly type: Extract<LogonType, 'network-cleartext' | 'interactive'>;
}

/**
 * CredSSP and Basic: the host logs the user on with the password and keeps it. Throws LabError
 * `logon-failed`.
 */
export async function openPasswordSession(
  host: Host,
  { user, password, type }: PasswordLogon,
): Promise<HostSession> {
  const { logon, identity } = await secretLogon(host, user, secretOf(password), type).catch(
    (error: unknown) => {
      password.wipe();
      throw error;
    },
  );
  const credential = { kind: 'password', password } as const;
  return new HostSession({ host, identity, connected: identity, logon, credential });
}

/** Whom a configuration runs as. */
export interface RunAsLogon {
  readonly user: Principal;
  /** A copy of the stored password: it is wiped when the session ends. */
  readonly password: SecureText;
}

/** A configuration with RunAsCredential: its account is logged on in place of the caller. */
export async function openRunAsSession(
  host: Host,
  connected: UserIdentity,
  { user, password }: RunAsLogon,
): Promise<HostSession> {
  const secret = secretOf(password);
  const { logon, identity } = await secretLogon(host, user, secret, 'service').catch(
    (error: unknown) => {
      password.wipe();
      throw error;
    },
  );
  return new HostSession({
    host,
    identity,
    connected,
    logon,
    credential: { kind: 'run-as', password },
  });
}

/** A group managed service account with the keys that the host made of its password. */
export interface GmsaLogon {
  readonly account: Principal;
  /** Taken over: they are overwritten when the session ends. */
  readonly keys: readonly KeyBlock[];
}

/** A configuration with GroupManagedServiceAccount. Throws LabError `logon-failed`. */
export async function openGmsaSession(
  host: Host,
  connected: UserIdentity,
  { account, keys }: GmsaLogon,
): Promise<HostSession> {
  const credential = { kind: 'gmsa', keys } as const;
  const secret = { kind: 'keys', keys } as const;
  const { logon, identity } = await secretLogon(host, account, secret, 'service').catch(
    (error: unknown) => {
      wipeCredential(credential);
      throw error;
    },
  );
  return new HostSession({ host, identity, connected, logon, credential });
}

/**
 * A configuration with RunAsVirtualAccount: a local account that lasts as long as the session. Here
 * it is an administrator, or a member of the groups that are named; on the network, the computer.
 */
export function openVirtualSession(
  host: Host,
  connected: UserIdentity,
  groups: readonly UserIdentity['groups'][number][] = [wellKnown.builtinAdministrators],
): HostSession {
  const short = connected.user.replace(/^.*\\/u, '');
  const user = `WinRM Virtual Users\\WinRM VA_${host.nextVirtualAccount()}_${short}`;
  const logon = host.lsa.logOnVirtually(user);
  const identity: UserIdentity = {
    user,
    principal: formatPrincipal(host.machine),
    // S-1-5-94 is where Windows has the SIDs of WinRM's virtual users.
    sid: `S-1-5-94-${logon.id}`,
    groups: [...groups],
    via: [],
  };
  return new HostSession({ host, identity, connected, logon, credential: { kind: 'machine' } });
}

/** A secret that is the password for as long as it is not wiped; no copy of it is kept. */
function secretOf(password: SecureText): ClientSecret {
  return {
    kind: 'password',
    get password() {
      return password.revealText();
    },
  };
}

interface Logon {
  readonly logon: LogonSession;
  readonly identity: UserIdentity;
}

/**
 * An AS exchange, then a ticket to this very host: its PAC says who was logged on, as it does for
 * whoever comes over the network (MS-KILE 3.3.5.7).
 */
async function secretLogon(
  host: Host,
  user: Principal,
  secret: ClientSecret,
  type: Exclude<LogonType, 'network'>,
): Promise<Logon> {
  const { lsa } = host;
  let logon: LogonSession | undefined;
  try {
    logon = await lsa.logOnWith(user, secret, type);
    const own = await lsa.serviceTicket(logon.id, host.ownService);
    return { logon, identity: identityOfOwnTicket(own, host.keys) };
  } catch (error) {
    if (logon !== undefined) lsa.logOff(logon.id);
    if (error instanceof LabError) throw error;
    throw logonFailed(formatPrincipal(user), error);
  }
}
