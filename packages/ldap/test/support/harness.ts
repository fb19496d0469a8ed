import { readFileSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { createSecureContext } from 'node:tls';
import { LdapClient } from '../../src/client/client.ts';
import type { LdapClientOptions } from '../../src/client/types.ts';
import { type LdapMessage, decodeMessage } from '../../src/messages/message.ts';
import type { LdapServerEvent } from '../../src/server/events.ts';
import { type LdapServerOptions, createLdapServer } from '../../src/server/server.ts';
import { MessageDeframer } from '../../src/transport/message-deframer.ts';
import { ToyHandler } from './toy-handler.ts';
import { xorServer } from './xor-mechanism.ts';

const vector = (name: string) => readFileSync(new URL(`../vectors/${name}`, import.meta.url));

export const certificate = vector('localhost.pem');

export const secureContext = createSecureContext({
  cert: certificate,
  key: vector('localhost-key.pem'),
});

/** A server on a free port of the loopback address, its handler, its events, and all to end it. */
export async function startServer(options: Partial<LdapServerOptions<string>> = {}) {
  const handler = new ToyHandler();
  const events: LdapServerEvent[] = [];
  const server = createLdapServer<string>({
    handler,
    mechanisms: [xorServer()],
    tls: secureContext,
    clock: () => performance.now(),
    log: (event) => void events.push(event),
    ...options,
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const clients: LdapClient[] = [];
  const sockets: RawPeer[] = [];
  return {
    handler,
    events,
    server,
    port,
    client: async (more: Partial<LdapClientOptions> = {}): Promise<LdapClient> => {
      const url = `ldap://127.0.0.1:${port}`;
      const client = await LdapClient.connect({ url, timeout: 10_000, ...more });
      clients.push(client);
      return client;
    },
    raw: async (): Promise<RawPeer> => {
      const peer = await RawPeer.connect(port);
      sockets.push(peer);
      return peer;
    },
    /** Waits until an event has been logged. */
    event: async <K extends LdapServerEvent['kind']>(
      kind: K,
      test: (event: Extract<LdapServerEvent, { kind: K }>) => boolean = () => true,
    ): Promise<Extract<LdapServerEvent, { kind: K }>> => {
      for (;;) {
        for (const event of events) {
          // Sound: the kind tells which member of the union it is.
          const found = event as Extract<LdapServerEvent, { kind: K }>;
          if (event.kind === kind && test(found)) return found;
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    stop: async (): Promise<void> => {
      for (const client of clients) await client.close();
      for (const peer of sockets) peer.socket.destroy();
      await server.close();
    },
  };
}

/** A peer that sends what it likes and collects the messages that come back. */
export class RawPeer {
  readonly socket: Socket;
  readonly messages: LdapMessage[] = [];
  /** What came after `raw` was set: octets that are not plain LDAP. */
  readonly octets: Uint8Array[] = [];
  raw: (peer: RawPeer) => boolean = () => false;
  closed = false;
  readonly #deframer = new MessageDeframer(10_000_000);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Uint8Array) => {
      this.#deframer.push(chunk);
      while (!this.raw(this)) {
        const next = this.#deframer.next();
        if (next === undefined) return;
        this.messages.push(decodeMessage(next));
      }
      this.octets.push(this.#deframer.takeRest());
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async connect(port: number): Promise<RawPeer> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawPeer(socket);
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Waits until the condition holds. */
  async until(condition: (peer: RawPeer) => boolean): Promise<void> {
    while (!condition(this)) await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Everything an iterable yields, and what it returns. */
export async function collect<T, R>(
  items: AsyncGenerator<T, R, void>,
): Promise<{ readonly items: readonly T[]; readonly result: R }> {
  const found: T[] = [];
  for (;;) {
    const step = await items.next();
    if (step.done === true) return { items: found, result: step.value };
    found.push(step.value);
  }
}
