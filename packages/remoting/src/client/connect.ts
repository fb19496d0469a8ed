import type { RandomSource } from '@doublehop/crypto/random';

import type { Guid } from '@doublehop/security/guid';
import type { SecureContextOptions } from 'node:tls';
import type { LookupFunction } from 'node:net';
import type { ClientScheme } from '../http/scheme.ts';
import { WsmanConnection } from '../http/wsman-client.ts';
import { type ExchangeKey, makeExchangeKey } from '../psrp/secure-string.ts';
import { newGuid } from '../psrp/new-guid.ts';
import { configurationUri } from '../wsman/names.ts';
import type { RemoteHost, RemoteSession } from './remote-session.ts';
import { PsrpSession } from './psrp-session.ts';
import { ShellClient } from './shell-client.ts';

export interface ConnectOptions {
  /** Name of the computer as the caller has it: for messages. */
  readonly computer: string;
  /** `http://serverb.contoso.com:5985/wsman`; Kerberos takes its host's name. */
  readonly url: URL;
  readonly scheme: ClientScheme;
  /** Session configuration; Microsoft.PowerShell where absent. */
  readonly configuration?: string;
  /** Certificates to trust and a client's own, for https. */
  readonly tls?: SecureContextOptions & { readonly rejectUnauthorized?: boolean };
  /** In place of the DNS. */
  readonly lookup?: LookupFunction;
  /** The person's console; without it nobody can be asked anything. */
  readonly host?: RemoteHost;
  /** Makes the key pair for SecureStrings; a caller of many sessions gives one for all. */
  readonly exchangeKey?: () => Promise<ExchangeKey>;
  readonly random: RandomSource;
  /** Milliseconds that a shell may stay without anybody asking for it. */
  readonly idleTimeout?: number;
  /** Milliseconds of a Receive that has nothing to say. */
  readonly operationTimeout?: number;
  /**
   * Requests that the session runs at once (MaxRunspaces): each runspace has its own variables and
   * needs a connection of its own. 1 where absent.
   */
  readonly runspaces?: number;
  /** A shell that was left, to take up; without it a new one is opened. */
  readonly shellId?: string;
}

/** The usual session configuration of a Windows computer. */
export const DEFAULT_CONFIGURATION = 'Microsoft.PowerShell';

/**
 * Opens a session on another computer, or takes one up. Throws RemotingError: `http` when nobody
 * answers, `authentication` when the caller is not let in, `fault` with what the service says.
 */
export async function connect(options: ConnectOptions): Promise<RemoteSession> {
  const { url, scheme, tls, lookup, random, operationTimeout } = options;
  const newId = (): Guid => newGuid(random);
  const shell = new ShellClient({
    connect: () =>
      new WsmanConnection({
        url,
        scheme,
        ...(tls !== undefined && { tls }),
        ...(lookup !== undefined && { lookup }),
      }),
    url,
    resourceUri: configurationUri(options.configuration ?? DEFAULT_CONFIGURATION),
    newId: () => newId().toUpperCase(),
    ...(operationTimeout !== undefined && { operationTimeout }),
  });
  const session = new PsrpSession({
    computer: options.computer,
    shell,
    newId,
    exchangeKey: options.exchangeKey ?? makeExchangeKey,
    ...(options.host !== undefined && { host: options.host }),
    ...(options.runspaces !== undefined && { runspaces: options.runspaces }),
  });
  try {
    const { shellId, idleTimeout } = options;
    if (shellId === undefined) await session.open(idleTimeout);
    else await session.take(shellId);
    return session;
  } catch (error) {
    shell.close();
    throw error;
  }
}
