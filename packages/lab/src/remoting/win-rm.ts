import { pooledRandom } from '@doublehop/crypto/random';
import { SecureText } from '@doublehop/powershell/objects/value';
import { credSspServerScheme } from '@doublehop/remoting/credssp/server';
import { createEndpoint, type Endpoint } from '@doublehop/remoting/endpoint/endpoint';
import type { EndpointConfiguration } from '@doublehop/remoting/endpoint/endpoint-session';
import { gssServerSchemes } from '@doublehop/remoting/http/gss-scheme';
import { basicServerScheme } from '@doublehop/remoting/http/password-scheme';
import { newGuid } from '@doublehop/remoting/psrp/new-guid';
import type { Host } from '../hosts/host.ts';
import { systemTimer } from '../process/system.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { delegatedCaller, passwordCaller, ticketCaller, type WinRmCaller } from './caller.ts';

/** What a host's WinRM service has. */
export interface WinRmOptions {
  /** Key and certificate, PEM: for HTTPS and inside CredSSP. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Finds a session configuration by its name, without case. */
  readonly configuration: (
    name: string,
  ) => EndpointConfiguration<WinRmCaller, HostSession> | undefined;
  readonly log: (line: string) => void;
}

/**
 * The WinRM service of a host: PowerShell remoting by Kerberos, Negotiate and CredSSP over HTTP and
 * HTTPS, Basic over HTTPS.
 */
export function winRmEndpoint(host: Host, options: WinRmOptions): Endpoint {
  const { tls, configuration, log } = options;
  const { clock, timer = systemTimer } = host.system;
  const random = pooledRandom();
  const { keys, replayCache, name } = host;
  const acceptor = { keys, replayCache, clock, random };
  return createEndpoint<WinRmCaller, HostSession>({
    schemes: [
      ...gssServerSchemes<WinRmCaller>({
        acceptor,
        bindingPolicy: 'ignore-if-absent',
        authorize: (context) => ticketCaller(host, context),
      }),
      credSspServerScheme<WinRmCaller>({
        acceptor,
        tls,
        logOn: (credentials, context) => delegatedCaller(host, credentials, context),
      }),
      basicServerScheme((user, password) => passwordCaller(host, user, SecureText.of(password))),
    ],
    configuration,
    commandShell: 'Microsoft.PowerShell',
    machine: name,
    tls,
    clock,
    timer,
    random,
    newId: () => newGuid(random).toUpperCase(),
    product: { vendor: 'doublehop', version: 'OS: 0.0.0 SP: 0.0 Stack: 3.0' },
    onCallerGone: (caller) => caller.forget(),
    log: (line) => log(`${name}: WinRM: ${line}`),
  });
}
