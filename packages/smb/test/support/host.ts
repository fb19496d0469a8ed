// A file server in this process, its clients, and tickets without a KDC.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { parseSid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { encodeDer } from '@doublehop/wire/der';
import { connectServer, type SmbClient, type SmbClientOptions } from '../../src/client/client.ts';
import { Deframer, frame } from '../../src/messages/frame.ts';
import type { Share, ShareServerEvent, ShareServerOptions } from '../../src/server/options.ts';
import { createShareServer, type ShareServer } from '../../src/server/server.ts';
import { memoryTree } from '../../src/tree/memory-tree.ts';

export const HOST = 'serverc.contoso.com';
export const random = pooledRandom();
export const NOW = Date.UTC(2026, 5, 1);
const REALM = 'CONTOSO.COM';
const serviceKey = Key.of(18, random(32));
const USAGE_TICKET = 2;

/** SIDs of the people who ask. */
export const ALICE = parseSid('S-1-5-21-1-2-3-1101');
export const BOB = parseSid('S-1-5-21-1-2-3-1102');

/** Somebody's ticket for the server, of whatever key. */
export function ticketFor(user: string, key: Key = serviceKey, lifetime = 36_000): Credentials {
  const client = parsePrincipal(user, REALM);
  const server = parsePrincipal(`cifs/${HOST}`, REALM);
  const session = Key.random(18, random);
  const authtime = NOW / 1000;
  const times = { authtime, endtime: authtime + lifetime };
  const part = encodeDer(EncTicketPart, {
    flags: 0,
    key: { keytype: session.etype, keyvalue: session.bytes() },
    crealm: client.realm,
    cname: client.name,
    transited: { trType: 0, contents: new Uint8Array(0) },
    ...times,
  });
  const encPart = { etype: key.etype, kvno: 1, cipher: key.encrypt(USAGE_TICKET, part, random) };
  return {
    client,
    server,
    key: { etype: session.etype, bytes: session.bytes() },
    times: { starttime: 0, renewTill: 0, ...times },
    isSkey: false,
    flags: 0,
    addresses: [],
    authorizationData: [],
    ticket: encodeDer(Ticket, { tktVno: 5, realm: server.realm, sname: server.name, encPart }),
    secondTicket: new Uint8Array(0),
  };
}

/** A ticket that opens with no key of the server. */
export const foreignTicket = (): Credentials => ticketFor('alice', Key.of(18, random(32)));

/** What the share `data` has. */
export const FILES = {
  'Hello.txt': 'hello\n',
  'big.bin': new Uint8Array(2_500_000).fill(7),
  docs: { 'a.txt': 'a', 'b.md': 'bb', 'c.txt': 'ccc' },
  empty: {},
};

/** A running server. */
export interface TestHost {
  readonly server: ShareServer;
  readonly port: number;
  readonly events: ShareServerEvent[];
  /** Turns the server's clock on, in milliseconds. */
  readonly later: (time: number) => void;
  readonly connect: (user?: string, options?: Partial<SmbClientOptions>) => Promise<SmbClient>;
  readonly close: () => Promise<void>;
}

/** Starts a server with the share `data`, and what else is given. */
export async function startHost(
  options: Partial<ShareServerOptions> = {},
  shares: readonly Share[] = [],
): Promise<TestHost> {
  let offset = 0;
  const events: ShareServerEvent[] = [];
  const server = createShareServer({
    keys: () => serviceKey,
    replayCache: memoryReplayCache(),
    clock: () => NOW + offset,
    random,
    authorize: ({ principal }) => {
      const [name = ''] = principal.name.nameString;
      if (name === 'nobody') throw new Error('nobody is let in');
      const sids = [name === 'alice' ? ALICE : BOB, wellKnown.everyone];
      return { name: `CONTOSO\\${name}`, token: { sids: new Set(sids) } };
    },
    shares: [{ name: 'data', remark: 'Data', tree: memoryTree(FILES, { time: NOW }) }, ...shares],
    log: (event) => events.push(event),
    ...options,
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    server,
    port,
    events,
    later: (time) => {
      offset += time;
    },
    connect: (user = 'alice', more = {}) =>
      connectServer({
        host: HOST,
        address: '127.0.0.1',
        port,
        clock: () => NOW,
        random,
        getServiceTicket: () => Promise.resolve(ticketFor(user)),
        timeout: 10_000,
        ...more,
      }),
    close: () => server.close(),
  };
}

/** A connection whose octets a test writes and reads itself. */
export class RawConnection {
  readonly socket: Socket;
  readonly #deframer = new Deframer(10_000_000);
  readonly #waiting: ((frame: Uint8Array | undefined) => void)[] = [];
  readonly #frames: Uint8Array[] = [];
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Uint8Array) => {
      this.#deframer.push(chunk);
      for (let next = this.#deframer.next(); next !== undefined; next = this.#deframer.next()) {
        const resolve = this.#waiting.shift();
        if (resolve === undefined) this.#frames.push(next);
        else resolve(next);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connectTcp({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  send(message: Uint8Array): void {
    this.socket.write(frame(message));
  }

  /** The next answer; undefined where the server closed. */
  next(): Promise<Uint8Array | undefined> {
    const found = this.#frames.shift();
    if (found !== undefined || this.closed) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
