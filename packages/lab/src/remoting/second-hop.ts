import { NameType } from '@doublehop/kerberos/iana/name-types';
import { type Principal, principal } from '@doublehop/kerberos/names';
import { SecureText } from '@doublehop/powershell/objects/value';
import { connect } from '@doublehop/remoting/client/connect';
import type { RemoteSession } from '@doublehop/remoting/client/remote-session';
import type { ClientScheme } from '@doublehop/remoting/http/scheme';
import {
  type RemoteLocation,
  schemeFor,
  type TicketSource,
  winRmUrl,
} from '../console/connector.ts';
import type { PersonCredential, RemoteTarget } from '../console/target.ts';
import { LabError } from '../errors.ts';
import type { Host } from '../hosts/host.ts';
import { lookupOf } from '../hosts/lookup.ts';
import { nameOfHost } from '../hosts/network.ts';
import { fullName, realmOf } from '../scenario.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { openPasswordSession } from '../sessions/open-session.ts';
import { userOf } from './caller.ts';

/**
 * A session from one host to the next. Without a credential it is the caller's own: as a program of
 * the session asks for it, which on Windows needs a TGT. With one, its user logs on for this alone.
 * Throws LabError, RemotingError.
 */
export async function openFromHost(
  session: HostSession,
  target: RemoteTarget,
): Promise<RemoteSession> {
  const { host } = session;
  const where = await locateFromHost(host, target);
  const own = await credentialSession(session, target.credential);
  try {
    const remote = await connect({
      computer: target.computer,
      ...where,
      scheme: schemeOf(own ?? session, target),
      random: host.system.random,
      ...(target.configuration !== undefined && { configuration: target.configuration }),
    });
    return own === undefined ? remote : closing(remote, own);
  } catch (error) {
    own?.logOff();
    throw error;
  }
}

/** Where the WinRM service of a computer is, as a host finds it. Throws LabError. */
export async function locateFromHost(
  { scenario, network }: Host,
  target: Pick<RemoteTarget, 'computer' | 'useSsl' | 'port'>,
): Promise<RemoteLocation> {
  const { computer, useSsl } = target;
  const name = nameOfHost(scenario, computer);
  const tls = useSsl ? await network.winRmTls?.(computer) : undefined;
  const where = useSsl ? tls : network.winRm(computer);
  if (name === undefined || where === undefined) {
    const message = `${computer} cannot be found: the lab has no computer of that name.`;
    throw new LabError('unknown-host', message);
  }
  return {
    url: winRmUrl(fullName(scenario, name), { useSsl, port: target.port ?? where.port }),
    lookup: lookupOf(where.address),
    ...(tls !== undefined && { tls: { ca: tls.ca } }),
  };
}

/** A logon with other credentials, which ends with the session that it was for. */
async function credentialSession(
  { host }: HostSession,
  credential: PersonCredential | undefined,
): Promise<HostSession | undefined> {
  if (credential === undefined) return undefined;
  return openPasswordSession(host, {
    user: userOf(host.scenario, credential.user),
    password: new SecureText(credential.password.reveal().slice()),
    type: 'interactive',
  });
}

/** The tickets are those of the session; CredSSP and Basic give a password away. */
function schemeOf(session: HostSession, target: RemoteTarget): ClientScheme {
  const { scenario, system } = session.host;
  const { clock, random } = system;
  const tickets: TicketSource = {
    getServiceTicket: (spn) => session.ticketFor('in-session', serviceOf(session, spn)),
    getForwardedTicket: (ticket) => session.forwardedTicket(ticket),
  };
  const domain = scenario.netbiosName;
  return schemeFor(target, { tickets, domain, clock, random });
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
