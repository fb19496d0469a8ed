// Our client under load: sessions to the endpoint of ServerB, as alice.
import type { LookupFunction } from 'node:net';
import { pooledRandom } from '@doublehop/crypto/random';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import type { CommandStreams } from '@doublehop/powershell/commands/command';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { connect } from '@doublehop/remoting/client/connect';
import type { RemoteSession } from '@doublehop/remoting/client/remote-session';
import { gssClientScheme } from '@doublehop/remoting/http/gss-scheme';
import type { Peer } from '../../test/peers/peer.ts';
import { clientOf } from '../../test/support/kerberos-client.ts';

/** Where the endpoint is, and how alice gets there. */
export interface Place {
  readonly address: string;
  readonly port: number;
  readonly env: Peer['env'];
  readonly password: string;
}

export const HOST = 'serverb.contoso.com';

/** A way to open sessions, with alice's ticket in a cache. */
export async function opener({
  address,
  port,
  env,
  password,
}: Place): Promise<(runspaces?: number) => Promise<RemoteSession>> {
  const random = pooledRandom();
  const kerberos = clientOf({ env } as Peer); // its krb5.conf is all that is needed of it
  const alice = principal('CONTOSO.COM', NameType.PRINCIPAL, 'alice');
  await kerberos.login(alice, { kind: 'password', password });
  const spn = (text: string) => principal('CONTOSO.COM', NameType.SRV_INST, ...text.split('/'));
  const scheme = gssClientScheme('Negotiate', {
    getServiceTicket: (text) => kerberos.getServiceTicket(spn(text)),
    clock: () => Date.now(),
    random,
  });
  const lookup: LookupFunction = (_, options, callback) => {
    if (options.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
  const url = new URL(`http://${HOST}:${port}/wsman`);
  return (runspaces = 1) =>
    connect({ computer: 'ServerB', url, scheme, lookup, random, runspaces });
}

/** Runs one command in a session; gives how many objects came. */
export async function runCommand(
  session: RemoteSession,
  name: string,
  values: readonly PsValue[] = [],
): Promise<number> {
  let objects = 0;
  const nothing = (): void => {};
  const streams: CommandStreams = {
    output: () => {
      objects += 1;
    },
    error: ({ message }) => {
      throw new Error(message);
    },
    warning: nothing,
    verbose: nothing,
    debug: nothing,
    information: nothing,
    progress: nothing,
  };
  const args = values.map((value) => ({ value }));
  await session.run(
    { kind: 'commands', statements: [[{ name, isScript: false, args }]] },
    { streams, signal: new AbortController().signal },
  );
  return objects;
}
