import { createServer, type Socket } from 'node:net';
import { LabError, messageOf } from '../errors.ts';

export interface LazyListenerOptions {
  /** `ServerB: WinRM`, for messages. */
  readonly name: string;
  readonly address: string;
  /** 0: a free one. */
  readonly port: number;
  readonly maxConnections: number;
  /** Loads the program, at the first connection; gives what takes connections. */
  readonly load: () => Promise<(socket: Socket) => void>;
  readonly log: (line: string) => void;
}

export interface LazyListener {
  readonly port: number;
  /** Closes the port, and connections that the program has not taken. */
  close(): Promise<void>;
}

/**
 * Listens for a program that is loaded when the first client connects: most labs never see one, and
 * all start sooner. Throws LabError `address`.
 */
export async function listenLazily(options: LazyListenerOptions): Promise<LazyListener> {
  const { name, address, port, maxConnections, load, log } = options;
  const waiting = new Set<Socket>();
  const accept = async (socket: Socket): Promise<void> => {
    const give = (): boolean => waiting.delete(socket);
    waiting.add(socket);
    socket.on('error', give);
    try {
      const take = await load();
      socket.removeListener('error', give);
      if (give()) take(socket);
    } catch (error) {
      log(`${name}: ${messageOf(error)}`);
      socket.destroy();
    }
  };
  const server = createServer({ noDelay: true }, (socket) => void accept(socket));
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `${name} cannot listen on TCP ${address}:${port}: ${messageOf(cause)}`;
      reject(new LabError('address', message, { cause }));
    });
    server.listen(port, address, resolve);
  });
  // Errors of accepting (too many open files) pass when connections close.
  server.on('error', (error) => log(`${name}: ${messageOf(error)}`));
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of waiting) socket.destroy();
      waiting.clear();
      await closed;
    },
  };
}
