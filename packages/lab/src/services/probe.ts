import { request } from 'node:http';
import { connect } from 'node:net';
import { identifyRealm } from '@doublehop/kerberos/client/initial-ticket';
import { defaultSettings } from '@doublehop/kerberos/client/context';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import type { Transport } from '@doublehop/kerberos/config/values';
import {
  encodeKpasswdMessage,
  isKpasswdMessage,
  KpasswdVersion,
} from '@doublehop/kerberos/kpasswd/messages';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { principal } from '@doublehop/kerberos/names';
import { createKdcExchange } from '@doublehop/kerberos/transport/exchange';
import { LdapClient } from '@doublehop/ldap/client/client';
import { LabError } from '../errors.ts';
import type { ControllerAddress, HostAddress } from '../folder/state.ts';
import type { ServiceAddress } from '../hosts/network.ts';
import { PROBE_WAIT } from '../limits.ts';
import type { System } from '../process/system.ts';

/**
 * Asks the KDC for a ticket of Administrator, without any proof, and takes its wish for one as a
 * sign of life. Throws KerberosError.
 */
export async function probeKdc(
  { address, kdcPort }: ControllerAddress,
  transport: Transport,
  realm: string,
  { clock, random }: System,
): Promise<void> {
  const server = { host: address, port: kdcPort, transport };
  const exchange = createKdcExchange({
    locator: { locate: async () => [server] },
    resolver: noResolver,
    timing: { exchangeWait: PROBE_WAIT },
  });
  const context = { transport: exchange, clock: new KdcClock(clock), random, log: undefined };
  const user = principal(realm, NameType.PRINCIPAL, 'Administrator');
  await identifyRealm({ ...context, settings: defaultSettings }, user);
}

/**
 * Sends the password service a request that asks for nothing, and takes the refusal for a sign of
 * life. Throws KerberosError.
 */
export async function probeKpasswd(
  { address, kpasswdPort }: ControllerAddress,
  transport: Transport,
  realm: string,
): Promise<void> {
  const server = { host: address, port: kpasswdPort, transport };
  const exchange = createKdcExchange({
    locator: { locate: async () => [server] },
    resolver: noResolver,
    timing: { exchangeWait: PROBE_WAIT },
  });
  const nothing = new Uint8Array();
  const message = { version: KpasswdVersion.CHANGE, ap: nothing, body: nothing };
  const judge = (reply: Uint8Array) => (isKpasswdMessage(reply) ? 'answer' : 'noise');
  await exchange(realm, encodeKpasswdMessage(message), { service: 'kpasswd', judge });
}

/** Reads the rootDSE. Throws LdapError, and LabError where it is of another domain. */
export async function probeLdap(
  { address, ldapPort, ldapsPort }: ControllerAddress,
  domain: string,
  ca: string | undefined,
): Promise<void> {
  const url =
    ca === undefined ? `ldap://${address}:${ldapPort}` : `ldaps://${address}:${ldapsPort}`;
  const client = await LdapClient.connect({
    url,
    connectTimeout: PROBE_WAIT,
    timeout: PROBE_WAIT,
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  try {
    const attributes = ['defaultNamingContext'];
    for await (const item of client.search({ base: '', scope: 'base', attributes })) {
      const [value] = item.kind === 'entry' ? (item.attributes[0]?.values ?? []) : [];
      if (value !== undefined && Buffer.from(value).toString('utf8') === domain) return;
    }
    throw new LabError('address', `what answers on ${url} is not the lab's controller`);
  } finally {
    await client.close();
  }
}

/** Asks a host's web service without a ticket; it must want one. */
export function probeWeb({ name, address, port }: HostAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(PROBE_WAIT);
    const sent = request({ host: address, port, path: '/', agent: false, signal }, (response) => {
      response.resume();
      const challenge = response.headers['www-authenticate'];
      if (response.statusCode === 401 && challenge === 'Negotiate') resolve();
      else reject(new LabError('address', `what answers on ${address}:${port} is not ${name}`));
    });
    sent.once('error', reject);
    sent.end();
  });
}

/**
 * Connects to a service of a host whose program is loaded for its first client, and need not be for
 * this.
 */
export function probePort({ address, port }: ServiceAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: PROBE_WAIT });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new LabError('address', 'no connection in time')));
    socket.once('error', reject);
  });
}
