import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import { plain } from '@doublehop/wire/bytes';
import { DomainControllerError } from '../../errors.ts';
import type { RequestHandler } from './handler.ts';

/** A service on UDP, a datagram a message (RFC 4120 §7.2.1). */
export interface UdpListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens; port 0 takes a free one. Errors of single datagrams go nowhere, as UDP has it. */
export async function listenUdp(
  handler: RequestHandler,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<UdpListener> {
  let closed = false;
  // A reply that cannot be sent is lost; the client asks again.
  const send = (reply: Uint8Array | undefined, { port: to, address: host }: RemoteInfo): void => {
    if (reply !== undefined && !closed) socket.send(reply, to, host);
  };
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', lookup: literal });
  socket.on('message', (message, from) => {
    const peer = { address: from.address, port: from.port, transport: 'udp' } as const;
    const reply = handler.handle(plain(message), peer);
    if (reply instanceof Promise) void reply.then((late) => send(late, from));
    else send(reply, from);
  });
  await bind(socket, address, port);
  return {
    port: socket.address().port,
    close: () =>
      new Promise((resolve) => {
        closed = true;
        socket.close(() => resolve());
      }),
  };
}

/**
 * Addresses here are literal already: to find that out once more, and a turn of the event loop
 * later, is what Node would do with every reply.
 */
function literal(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, isIP(host));
}

function ignore(): void {}

function bind(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error) =>
      reject(
        new DomainControllerError('listen', `cannot listen on UDP ${address}:${port}`, { cause }),
      );
    socket.once('error', refuse);
    socket.bind(port, address, () => {
      socket.off('error', refuse);
      // After binding, errors are those of single sends to peers that went away.
      socket.on('error', ignore);
      resolve();
    });
  });
}
