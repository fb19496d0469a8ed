import type { LookupFunction } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { RandomSource } from '@doublehop/crypto/random';
import type { Credentials } from '@doublehop/kerberos/credentials';
import type { SecureText } from '@doublehop/powershell/objects/value';
import { connect } from '@doublehop/remoting/client/connect';
import type { RemoteHost } from '@doublehop/remoting/client/remote-session';
import { credSspClientScheme } from '@doublehop/remoting/credssp/client';
import { gssClientScheme } from '@doublehop/remoting/http/gss-scheme';
import { basicClientScheme } from '@doublehop/remoting/http/password-scheme';
import type { ClientScheme } from '@doublehop/remoting/http/scheme';
import { LabError } from '../errors.ts';
import { type Connect, type RemoteTarget, splitUser } from './target.ts';

/** Where somebody's tickets come from. */
export interface TicketSource {
  /** `HTTP/serverb.contoso.com`. Throws LabError or KerberosError. */
  readonly getServiceTicket: (spn: string) => Promise<Credentials>;
  /** The TGT to hand over with it, where the host is trusted for delegation. */
  readonly getForwardedTicket?: (ticket: Credentials) => Promise<Credentials | undefined>;
}

/** Where the WinRM service of a computer is. */
export interface RemoteLocation {
  /** Its host's name is the one that a ticket is got for. */
  readonly url: URL;
  readonly lookup?: LookupFunction;
  readonly tls?: SecureContextOptions;
}

export interface ConnectorOptions {
  /** Finds a computer; rejects with LabError `unknown-host`. */
  readonly locate: (target: RemoteTarget) => Promise<RemoteLocation>;
  /** Tickets of whoever sits at the console. */
  readonly own: TicketSource;
  /** Tickets of somebody whose password is known; asks no KDC yet. */
  readonly logOn: (user: string, password: SecureText) => TicketSource;
  readonly clock: () => number;
  readonly random: RandomSource;
  /** The person's console, for what remote commands ask. */
  readonly host?: RemoteHost;
}

/** A way to open sessions on other computers. */
export function connector(options: ConnectorOptions): Connect {
  const { locate, own, logOn, clock, random, host } = options;
  return async (target) => {
    const { credential } = target;
    const { url, lookup, tls } = await locate(target);
    const tickets = credential === undefined ? own : logOn(credential.user, credential.password);
    return await connect({
      computer: target.computer,
      url,
      scheme: schemeFor(target, { tickets, domain: '', clock, random }),
      random,
      ...(target.configuration !== undefined && { configuration: target.configuration }),
      ...(lookup !== undefined && { lookup }),
      ...(tls !== undefined && { tls }),
      ...(host !== undefined && { host }),
    });
  };
}

/** What schemes need beside the target. */
export interface SchemeParts {
  /** Of the credential's user, or else of whoever asks. */
  readonly tickets: TicketSource;
  /** NetBIOS name of the domain of a user who is written without one; empty: as it is. */
  readonly domain: string;
  readonly clock: () => number;
  readonly random: RandomSource;
}

/** How a hop authenticates. Throws LabError `usage` where a password has to be given. */
export function schemeFor(target: RemoteTarget, parts: SchemeParts): ClientScheme {
  const { authentication, credential } = target;
  const { tickets, clock, random } = parts;
  switch (authentication) {
    case 'Kerberos':
      return gssClientScheme('Kerberos', { ...tickets, clock, random });
    case 'Default':
    case 'Negotiate':
      return gssClientScheme('Negotiate', { ...tickets, clock, random });
    case 'CredSSP': {
      if (credential === undefined) throw needsCredential(authentication);
      const { domain, name: user } = splitUser(credential.user);
      const { password } = credential;
      const credentials = { domain: domain === '' ? parts.domain : domain, user, password };
      return credSspClientScheme({ ...tickets, credentials, clock, random });
    }
    case 'Basic':
      if (credential === undefined) throw needsCredential(authentication);
      return basicClientScheme(credential.user, credential.password.revealText());
  }
}

function needsCredential(authentication: string): LabError {
  return new LabError('usage', `${authentication} needs a user and a password: give a credential`);
}

/** `http://serverb.contoso.com:5985/wsman`. */
export function winRmUrl(
  host: string,
  { useSsl, port }: Pick<RemoteTarget, 'useSsl' | 'port'>,
): URL {
  const scheme = useSsl ? 'https' : 'http';
  return new URL(`${scheme}://${host}:${port ?? (useSsl ? WINRM_TLS_PORT : WINRM_PORT)}/wsman`);
}

const WINRM_PORT = 5985;
const WINRM_TLS_PORT = 5986;
