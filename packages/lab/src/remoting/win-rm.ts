import type { Server } from 'node:net';
import { pooledRandom } from '@doublehop/crypto/random';
import { SecureText } from '@doublehop/powershell/objects/value';
import { credSspServerScheme } from '@doublehop/remoting/credssp/server';
import { createEndpoint, type Endpoint } from '@doublehop/remoting/endpoint/endpoint';
import type { EndpointConfiguration } from '@doublehop/remoting/endpoint/endpoint-session';
import { gssServerSchemes } from '@doublehop/remoting/http/gss-scheme';
import { basicServerScheme } from '@doublehop/remoting/http/password-scheme';
import { newGuid } from '@doublehop/remoting/psrp/new-guid';
import { LabError, messageOf } from '../errors.ts';
import type { Host } from '../hosts/host.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { delegatedCaller, passwordCaller, ticketCaller, type WinRmCaller } from './caller.ts';

/** Where a host's WinRM service is to listen, and what it has. */
export interface WinRmOptions {
  readonly address: string;
  /** 5985 on Windows; 0: any. */
  readonly port: number;
  /** 5986 on Windows; 0: any. */
  readonly tlsPort: number;
  /** Key and certificate, PEM: for HTTPS and inside CredSSP. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Session configurations by name, in lower case. */
  readonly configurations: ReadonlyMap<string, EndpointConfiguration<WinRmCaller, HostSession>>;
  readonly log: (line: string) => void;
}

/** A listening WinRM service. */
export interface WinRmService {
  readonly port: number;
  readonly tlsPort: number;
  /** Shells that are open. */
  readonly shells: number;
  close(): Promise<void>;
}

/**
 * The WinRM service of a host: PowerShell remoting by Kerberos, Negotiate and CredSSP over HTTP and
 * HTTPS, Basic over HTTPS. Throws LabError `address`.
 */
export async function listenWinRm(host: Host, options: WinRmOptions): Promise<WinRmService> {
  const endpoint = endpointOf(host, options);
  const { address, port, tlsPort } = options;
  try {
    const bound = await listen(host, endpoint.http, address, port);
    const boundTls =
      endpoint.https === undefined ? 0 : await listen(host, endpoint.https, address, tlsPort);
    return {
      port: bound,
      tlsPort: boundTls,
      get shells() {
        return endpoint.shells;
      },
      close: () => endpoint.close(),
    };
  } catch (error) {
    await endpoint.close();
    throw error;
  }
}

function endpointOf(host: Host, { tls, configurations, log }: WinRmOptions): Endpoint {
  const { clock } = host.system;
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
    configuration: (wanted) => configurations.get(wanted.toLowerCase()),
    machine: name,
    tls,
    clock,
    timer: (milliseconds, act) => {
      const timeout = setTimeout(act, milliseconds).unref();
      return () => clearTimeout(timeout);
    },
    random,
    newId: () => newGuid(random).toUpperCase(),
    product: { vendor: 'doublehop', version: 'OS: 0.0.0 SP: 0.0 Stack: 3.0' },
    onCallerGone: (caller) => caller.forget(),
    log: (line) => log(`${name}: WinRM: ${line}`),
  });
}

async function listen(host: Host, server: Server, address: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `${host.name} cannot listen on TCP ${address}:${port}: ${messageOf(cause)}`;
      reject(new LabError('address', message, { cause }));
    });
    server.listen(port, address, resolve);
  });
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : port;
}
