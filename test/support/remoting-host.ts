// Our remoting endpoint as ServerB of the CONTOSO domain, for foreign clients.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { selfSignedCertificate } from '@doublehop/domain-controller/tls/self-signed';
import { KerberosError } from '@doublehop/kerberos/errors';
import type { AcceptedContext } from '@doublehop/kerberos/gss/acceptor';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { keytabKeys, type ServiceKeys } from '@doublehop/kerberos/gss/service-keys';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { parsePrincipal, principal } from '@doublehop/kerberos/names';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { identityOf, identityOfOwnTicket, type UserIdentity } from '@doublehop/lab/hosts/identity';
import type { LanguageMode } from '@doublehop/powershell/language/interpreter';
import { customObject } from '@doublehop/powershell/objects/value';
import { credSspServerScheme } from '@doublehop/remoting/credssp/server';
import type { EndpointConfiguration } from '@doublehop/remoting/endpoint/endpoint-session';
import { createEndpoint, type Endpoint } from '@doublehop/remoting/endpoint/endpoint';
import { RemotingError } from '@doublehop/remoting/errors';
import { gssServerSchemes } from '@doublehop/remoting/http/gss-scheme';
import {
  basicServerScheme,
  certificateServerScheme,
} from '@doublehop/remoting/http/password-scheme';
import type { ServerScheme } from '@doublehop/remoting/http/scheme';
import { newGuid } from '@doublehop/remoting/psrp/new-guid';
import { accessDenied } from '@doublehop/remoting/wsman/faults';
import { type Contoso, REALM } from './contoso.ts';
import { clientOf } from './kerberos-client.ts';
import { type RemotingCaller, remotingCommands } from './remoting-commands.ts';

/** The running endpoint, in this process. */
export interface RemotingHost {
  readonly host: string;
  readonly address: string;
  /** PEM file of the certificate of HTTPS. */
  readonly caFile: string;
  readonly endpoint: Endpoint;
  readonly log: string[];
  readonly stop: () => Promise<void>;
}

const NAME = 'serverb';
const HOST = `${NAME}.contoso.com`;

/** Ports of WinRM. */
export const HTTP_PORT = 5985;
export const HTTPS_PORT = 5986;

/** Session configurations, by lower-case name. */
const MODES: ReadonlyMap<string, LanguageMode> = new Map<string, LanguageMode>([
  ['microsoft.powershell', 'FullSubset'],
  ['restricted', 'Restricted'],
  ['jearole', 'None'],
  ['closed', 'None'],
]);

/**
 * Starts it on the domain's address, with HTTP and HTTPS on WinRM's ports. Who shows the client
 * certificate, PEM, is Alice.
 */
export async function startRemotingHost(
  dir: string,
  contoso: Contoso,
  clientCertificate?: string,
): Promise<RemotingHost> {
  const random = pooledRandom();
  const clock = (): number => Date.now();
  const keys = keytabKeys(await readKeytab(contoso.keytab(NAME)));
  const names = [HOST, contoso.address];
  const tls = selfSignedCertificate({ names, now: clock(), keyType: 'rsa', random });
  const caFile = join(dir, 'serverb.pem');
  writeFileSync(caFile, tls.cert);
  const log: string[] = [];
  const endpoint = createEndpoint<RemotingCaller, RemotingCaller>({
    schemes: [...schemesOf(contoso, keys, tls), certificateScheme(contoso)],
    configuration,
    commandShell: 'Microsoft.PowerShell',
    machine: HOST,
    tls: {
      ...tls,
      ...(clientCertificate !== undefined && {
        requestCert: true,
        rejectUnauthorized: false,
        ca: clientCertificate,
      }),
    },
    clock,
    timer: (milliseconds, act) => {
      const timeout = setTimeout(act, milliseconds);
      return () => clearTimeout(timeout);
    },
    random,
    newId: () => newGuid(random).toUpperCase(),
    product: { vendor: 'doublehop', version: '0' },
    log: (line) => log.push(line),
  });
  await listen(endpoint, contoso.address);
  return {
    host: HOST,
    address: contoso.address,
    caFile,
    endpoint,
    log,
    stop: () => endpoint.close(),
  };
}

/** Everything that a Windows host may offer, but client certificates. */
function schemesOf(
  contoso: Contoso,
  keys: ServiceKeys,
  tls: { readonly key: string; readonly cert: string },
): ServerScheme<RemotingCaller>[] {
  const random = pooledRandom();
  const clock = (): number => Date.now();
  const acceptor = { keys, replayCache: memoryReplayCache(), clock, random };
  const logOn = async (user: string, password: string): Promise<RemotingCaller> => {
    const found = await passwordIdentity(contoso, user, password, keys);
    return { name: found.user, sid: found.sid, by: 'password' };
  };
  return [
    ...gssServerSchemes<RemotingCaller>({
      acceptor,
      // HTTPS alone has a channel: its clients have to bind to it.
      bindingPolicy: 'required',
      authorize: (context) => {
        const { user, sid } = identityIn(context, keys);
        const { delegated } = context.acceptance;
        return { name: user, sid, by: 'ticket', ...(delegated !== undefined && { delegated }) };
      },
    }),
    credSspServerScheme<RemotingCaller>({
      acceptor,
      tls,
      logOn: async ({ domain, user, password }, context) => {
        const name = user.includes('@') ? user : `${user}@${domain}`;
        const caller = await logOn(name, password.revealText());
        const { sid } = identityIn(context, keys);
        if (sid !== caller.sid) throw new RemotingError('authentication', 'two people');
        return caller;
      },
    }),
    basicServerScheme(logOn),
  ];
}

/** The TLS layer knows one client certificate. */
function certificateScheme(contoso: Contoso): ServerScheme<RemotingCaller> {
  const { sid } = contoso.account('alice');
  return certificateServerScheme(async () => ({ name: 'CONTOSO\\alice', sid, by: 'certificate' }));
}

function configuration(
  name: string,
): EndpointConfiguration<RemotingCaller, RemotingCaller> | undefined {
  const languageMode = MODES.get(name.toLowerCase());
  if (languageMode === undefined) return undefined;
  return {
    name,
    open: async ({ caller }) => {
      if (name.toLowerCase() === 'closed') throw accessDenied();
      const variables = { PSSenderInfo: customObject({ ConnectedUser: caller.name }) };
      const close = (): undefined => undefined;
      return { session: caller, commands: remotingCommands, languageMode, variables, close };
    },
  };
}

async function listen({ http, https }: Endpoint, address: string): Promise<void> {
  await new Promise<void>((resolve) => {
    http.listen(HTTP_PORT, address, resolve);
  });
  await new Promise<void>((resolve) => {
    https?.listen(HTTPS_PORT, address, resolve);
  });
}

function identityIn({ peer, acceptance }: AcceptedContext, keys: ServiceKeys): UserIdentity {
  return identityOf({ ...acceptance, principal: peer }, keys);
}

/** Proves a password by an AS exchange, and that the KDC is the domain's by a ticket to here. */
async function passwordIdentity(
  contoso: Contoso,
  user: string,
  password: string,
  keys: ServiceKeys,
): Promise<UserIdentity> {
  const name = user.replace(/^.*\\/u, '').replace(/@.*$/u, '');
  try {
    const client = clientOf(contoso);
    await client.login(principal(REALM, NameType.PRINCIPAL, name), { kind: 'password', password });
    const ticket = await client.getServiceTicket(parsePrincipal(`HTTP/${HOST}`, REALM));
    return identityOfOwnTicket(ticket, keys);
  } catch (cause) {
    if (!(cause instanceof KerberosError)) throw cause;
    throw new RemotingError('authentication', `${name}: ${cause.message}`, { cause });
  }
}
