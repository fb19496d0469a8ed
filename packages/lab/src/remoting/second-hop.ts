import { NameType } from '@doublehop/kerberos/iana/name-types';
import { type Principal, principal } from '@doublehop/kerberos/names';
import { toText } from '@doublehop/powershell/objects/text';
import { type PsObject, SecureText } from '@doublehop/powershell/objects/value';
import { connect } from '@doublehop/remoting/client/connect';
import type { RemoteSession } from '@doublehop/remoting/client/remote-session';
import { credSspClientScheme } from '@doublehop/remoting/credssp/client';
import { type GssClientOptions, gssClientScheme } from '@doublehop/remoting/http/gss-scheme';
import type { ClientScheme } from '@doublehop/remoting/http/scheme';
import { LabError } from '../errors.ts';
import { lookupOf } from '../hosts/lookup.ts';
import { nameOfHost } from '../hosts/network.ts';
import { fullName, realmOf } from '../scenario.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { openPasswordSession } from '../sessions/open-session.ts';
import { userOf } from './caller.ts';
import type { RemotingWish } from './invoke-command.ts';

/**
 * A session from one host to the next. Without a credential it is the caller's own: as a program of
 * the session asks for it, which on Windows needs a TGT. With one, its user logs on for this alone.
 * Throws LabError, RemotingError.
 */
export async function openFromHost(
  session: HostSession,
  wish: RemotingWish,
): Promise<RemoteSession> {
  const { host } = session;
  const name = nameOfHost(host.scenario, wish.computer);
  const address = host.network.winRm(wish.computer);
  if (name === undefined || address === undefined) {
    const message = `${wish.computer} cannot be found: the lab has no computer of that name.`;
    throw new LabError('unknown-host', message);
  }
  const own = await credentialSession(session, wish.credential);
  try {
    const url = new URL(`http://${fullName(host.scenario, name)}:${address.port}/wsman`);
    const remote = await connect({
      computer: wish.computer,
      url,
      scheme: schemeOf(own ?? session, wish),
      lookup: lookupOf(address.address),
      random: host.system.random,
      ...(wish.configuration !== undefined && { configuration: wish.configuration }),
    });
    return own === undefined ? remote : closing(remote, own);
  } catch (error) {
    own?.logOff();
    throw error;
  }
}

/** A logon with other credentials, which ends with the session that it was for. */
async function credentialSession(
  { host }: HostSession,
  credential: PsObject | undefined,
): Promise<HostSession | undefined> {
  const password = credential?.get('Password');
  if (credential === undefined || !(password instanceof SecureText)) return undefined;
  return openPasswordSession(host, {
    user: userOf(host.scenario, toText(credential.get('UserName') ?? null)),
    password: new SecureText(password.reveal().slice()),
    type: 'interactive',
  });
}

function schemeOf(session: HostSession, wish: RemotingWish): ClientScheme {
  const { clock, random } = session.host.system;
  const gss: GssClientOptions = {
    getServiceTicket: (spn) => session.ticketFor('in-session', serviceOf(session, spn)),
    getForwardedTicket: (ticket) => session.forwardedTicket(ticket),
    clock,
    random,
  };
  if (wish.authentication !== 'CredSSP') {
    return gssClientScheme(wish.authentication === 'Kerberos' ? 'Kerberos' : 'Negotiate', gss);
  }
  const password = wish.credential?.get('Password');
  if (!(password instanceof SecureText)) {
    throw new LabError('usage', 'CredSSP gives a password away: it needs -Credential.');
  }
  const user = toText(wish.credential?.get('UserName') ?? null);
  const slash = user.indexOf('\\');
  return credSspClientScheme({
    ...gss,
    credentials: {
      domain: slash < 0 ? session.host.scenario.netbiosName : user.slice(0, slash),
      user: user.slice(slash + 1),
      password,
    },
  });
}

function serviceOf({ host }: HostSession, spn: string): Principal {
  return principal(realmOf(host.scenario), NameType.SRV_INST, ...spn.split('/'));
}

function closing(remote: RemoteSession, own: HostSession): RemoteSession {
  const close = remote.close.bind(remote);
  return Object.assign(remote, {
    close: async () => {
      try {
        await close();
      } finally {
        own.logOff();
      }
    },
  });
}
