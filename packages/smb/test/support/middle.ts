// Somebody between a client and a server who sees every message, and may change it.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Deframer, frame } from '../../src/messages/frame.ts';

/** What becomes of a message on its way; undefined: it is lost. */
export type Change = (message: Uint8Array, index: number) => Uint8Array | undefined;

export interface Middle {
  readonly port: number;
  readonly close: () => void;
}

/** Listens, and passes everything on to the server at `port` and back, changed. */
export async function startMiddle(
  port: number,
  changes: { readonly toServer?: Change; readonly toClient?: Change },
): Promise<Middle> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1' });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    pass(client, upstream, changes.toServer);
    pass(upstream, client, changes.toClient);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function pass(from: Socket, to: Socket, change: Change = (message) => message): void {
  const deframer = new Deframer(10_000_000);
  let index = 0;
  from.on('data', (chunk: Uint8Array) => {
    deframer.push(chunk);
    for (let next = deframer.next(); next !== undefined; next = deframer.next()) {
      const changed = change(Uint8Array.from(next), index);
      index += 1;
      if (changed !== undefined) to.write(frame(changed));
    }
  });
  from.on('close', () => to.destroy());
}
