import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { DomainControllerError } from '../../errors.ts';
import type { Kdc } from '../kdc.ts';

/** A KDC on UDP (RFC 4120 §7.2.1). */
export interface UdpListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens; port 0 takes a free one. Errors of single datagrams go nowhere, as UDP has it. */
export async function listenUdp(
  kdc: Kdc,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<UdpListener> {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
  socket.on('message', (message, from) => {
    const peer = { address: from.address, port: from.port, transport: 'udp' } as const;
    const reply = kdc.handle(new Uint8Array(message), peer);
    if (reply !== undefined) socket.send(reply, from.port, from.address, ignore);
  });
  await bind(socket, address, port);
  return {
    port: socket.address().port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** A reply that cannot be sent is lost; the client asks again. */
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
