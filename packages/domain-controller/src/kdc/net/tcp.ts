import { createServer, type Server, type Socket } from 'node:net';
import { DomainControllerError } from '../../errors.ts';
import {
  KDC_TCP_TIMEOUT,
  MAX_KDC_CONNECTIONS,
  MAX_KDC_CONNECTIONS_PER_ADDRESS,
  MAX_KDC_REQUEST,
} from '../../limits.ts';
import type { RequestHandler } from './handler.ts';

/** A service on TCP whose messages have their length before them (RFC 4120 §7.2.2). */
export interface TcpListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Limits of connections, in octets, milliseconds and numbers; tests make them smaller. */
export interface TcpLimits {
  readonly maxRequest: number;
  readonly timeout: number;
  readonly maxConnections: number;
  readonly maxPerAddress: number;
}

const DEFAULT_LIMITS: TcpLimits = {
  maxRequest: MAX_KDC_REQUEST,
  timeout: KDC_TCP_TIMEOUT,
  maxConnections: MAX_KDC_CONNECTIONS,
  maxPerAddress: MAX_KDC_CONNECTIONS_PER_ADDRESS,
};

/** Listens; port 0 takes a free one. */
export async function listenTcp(
  handler: RequestHandler,
  { address, port }: { readonly address: string; readonly port: number },
  limits: TcpLimits = DEFAULT_LIMITS,
): Promise<TcpListener> {
  const open = new Map<Socket, string>();
  const server = createServer({ noDelay: true }, (socket) => {
    const from = socket.remoteAddress ?? '';
    const sameAddress = [...open.values()].filter((other) => other === from).length;
    if (open.size >= limits.maxConnections || sameAddress >= limits.maxPerAddress) {
      socket.destroy();
      return;
    }
    open.set(socket, from);
    socket.once('close', () => open.delete(socket));
    serve(socket, handler, limits);
  });
  await listen(server, address, port);
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open.keys()) socket.destroy();
      }),
  };
}

/**
 * Requests one after the other, each behind its length. A peer must finish a request, or send the
 * next, within the limit: a deadline, not an idle time, so that single octets do not hold a socket.
 */
function serve(socket: Socket, handler: RequestHandler, { maxRequest, timeout }: TcpLimits): void {
  const peer = {
    address: socket.remoteAddress ?? '',
    port: socket.remotePort ?? 0,
    transport: 'tcp',
  } as const;
  let pending: Uint8Array[] = [];
  let received = 0;
  let waiting = false;
  const deadline = setTimeout(() => socket.destroy(), timeout);
  socket.once('close', () => clearTimeout(deadline));
  // A peer that resets its connection is gone; there is nobody to tell.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Uint8Array) => {
    pending.push(chunk);
    received += chunk.length;
    if (received < 4) return;
    answerAll(pending.length === 1 ? new Uint8Array(chunk) : joined(pending, received));
  });

  /** Answers the requests that are whole, and keeps the rest. */
  function answerAll(octets: Uint8Array): void {
    let rest = octets;
    while (rest.length >= 4) {
      const size = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
      // The high bit is reserved (RFC 4120 §7.2.2): what is over the limit is no request.
      if (size > maxRequest) {
        endWith(socket, handler.tooLong?.());
        return;
      }
      if (rest.length < 4 + size) break;
      const reply = handler.handle(rest.subarray(4, 4 + size), peer);
      rest = rest.subarray(4 + size);
      if (reply instanceof Promise) {
        void wait(reply, rest);
        return;
      }
      if (!answer(reply)) return;
    }
    pending = rest.length === 0 ? [] : [rest];
    received = rest.length;
  }

  /** Reads nothing more until a reply is there. */
  async function wait(reply: Promise<Uint8Array | undefined>, rest: Uint8Array): Promise<void> {
    socket.pause();
    waiting = true;
    const known = await reply;
    waiting = false;
    if (socket.destroyed || !answer(known)) return;
    answerAll(rest);
    if (!waiting) socket.resume();
  }

  /** False where the connection ends. */
  function answer(reply: Uint8Array | undefined): boolean {
    if (reply === undefined || !send(socket, reply)) {
      socket.destroySoon();
      return false;
    }
    deadline.refresh();
    return true;
  }
}

/** What is to come is not looked at: the deadline ends a peer that does not stop sending. */
function endWith(socket: Socket, word: Uint8Array | undefined): void {
  socket.removeAllListeners('data');
  socket.resume();
  if (word === undefined) socket.destroy();
  else socket.end(framed(word));
}

/** False when the peer does not read its replies. */
function send(socket: Socket, reply: Uint8Array): boolean {
  socket.write(framed(reply));
  return socket.writableLength <= MAX_UNREAD;
}

function framed(reply: Uint8Array): Uint8Array {
  const whole = new Uint8Array(4 + reply.length);
  new DataView(whole.buffer).setUint32(0, reply.length);
  whole.set(reply, 4);
  return whole;
}

/** Octets of replies that may wait for a peer to read them. */
const MAX_UNREAD = 1024 * 1024;

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error) =>
      reject(
        new DomainControllerError('listen', `cannot listen on TCP ${address}:${port}`, { cause }),
      );
    server.once('error', refuse);
    server.listen(port, address, () => {
      server.off('error', refuse);
      // Errors of accepting (too many open files) pass when connections close.
      server.on('error', () => undefined);
      resolve();
    });
  });
}
