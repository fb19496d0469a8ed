import { createServer, type Socket } from 'node:net';
import type { ShareServer } from '@doublehop/smb/server/server';
import { LabError, messageOf } from '../errors.ts';
import type { Host } from '../hosts/host.ts';
import type { ServiceAddress } from '../hosts/network.ts';
import { MAX_FILE_CONNECTIONS } from '../limits.ts';

/** A listening file server. */
export interface FileService {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The file server of a host on a port of its own; 0 takes a free one. Its program is loaded when
 * the first client connects: most labs never see one. Throws LabError `address`.
 */
export async function listenShares(
  host: Host,
  { address, port }: ServiceAddress,
  log: (line: string) => void,
): Promise<FileService> {
  let engine: Promise<ShareServer> | undefined;
  const waiting = new Set<Socket>();
  const accept = async (socket: Socket): Promise<void> => {
    const give = (): boolean => waiting.delete(socket);
    waiting.add(socket);
    socket.on('error', give);
    try {
      engine ??= import('./share-engine.ts').then(({ hostShares }) => hostShares(host, log));
      const shares = await engine;
      socket.removeListener('error', give);
      if (give()) shares.accept(socket);
    } catch (error) {
      log(`${host.name}: SMB: ${messageOf(error)}`);
      socket.destroy();
    }
  };
  const server = createServer({ noDelay: true }, (socket) => void accept(socket));
  server.maxConnections = MAX_FILE_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `${host.name} cannot listen on TCP ${address}:${port}: ${messageOf(cause)}`;
      reject(new LabError('address', message, { cause }));
    });
    server.listen(port, address, resolve);
  });
  server.on('error', (error) => log(`${host.name}: ${messageOf(error)}`));
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of waiting) socket.destroy();
      waiting.clear();
      await (await engine)?.close();
      await closed;
    },
  };
}
