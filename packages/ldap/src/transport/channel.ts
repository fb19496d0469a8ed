import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { concat } from '@doublehop/wire/bytes';
import { WRITE_BATCH } from '../limits.ts';
import { SaslDeframer, protect } from '../sasl/framing.ts';
import type { SecurityLayer } from '../sasl/mechanism.ts';
import { decodeEnvelope } from '../messages/message.ts';
import { MessageDeframer } from './message-deframer.ts';

/** What a channel tells its owner. */
export interface ChannelEvents {
  /** Octets have come: `next` may have a message. */
  readable(): void;
  /** Full buffers are empty again. */
  drained(): void;
  /** The connection is gone; comes once. */
  closed(error: Error | undefined): void;
}

/** Bounds of one connection. */
export interface ChannelOptions {
  readonly maxMessage: number;
  /** Milliseconds that the peer may leave full buffers unread before the connection ends. */
  readonly writeTimeout: number;
}

/**
 * A connection as a sequence of LDAPMessages, whatever lies below them: TCP, TLS on top, a SASL
 * layer on top of either (RFC 4511 §5). Messages are pulled, so that the owner can stop between two
 * of them, change the layers, and go on with the octets that are already there.
 */
export class Channel {
  readonly #events: ChannelEvents;
  readonly #messages: MessageDeframer;
  readonly #writeTimeout: number;
  #socket: Socket;
  #sasl: SaslDeframer | undefined;
  #out: Uint8Array[] = [];
  #outSize = 0;
  #flushing = false;
  #writeTimer: NodeJS.Timeout | undefined;
  #error: Error | undefined;
  #closed = false;

  constructor(socket: Socket, events: ChannelEvents, options: ChannelOptions) {
    this.#events = events;
    this.#messages = new MessageDeframer(options.maxMessage);
    this.#writeTimeout = options.writeTimeout;
    this.#socket = socket;
    this.#attach(socket);
  }

  /** The next whole message; throws LdapError as the deframers do. */
  next(): Uint8Array | undefined {
    for (;;) {
      const message = this.#messages.next();
      if (message !== undefined || this.#sasl === undefined) return message;
      const plain = this.#sasl.next();
      if (plain === undefined) return undefined;
      this.#messages.push(plain);
    }
  }

  /** Whether octets wait that are no whole message yet, once `next` has returned undefined. */
  get partial(): boolean {
    return this.#messages.waiting > 0 || this.#sasl?.partial === true;
  }

  get closed(): boolean {
    return this.#closed;
  }

  set maxMessage(octets: number) {
    this.#messages.maxMessage = octets;
  }

  /** Queues a message; several leave together at the end of the current turn. */
  send(message: Uint8Array): void {
    if (this.#closed) return;
    this.#out.push(message);
    this.#outSize += message.length;
    if (this.#outSize >= WRITE_BATCH) {
      this.flush();
    } else if (!this.#flushing) {
      this.#flushing = true;
      // Not sooner: the last entry of a search and its result are steps of promises apart, and some
      // clients (impacket 0.10) take what comes in one record of TLS for the whole answer.
      setImmediate(() => this.flush());
    }
  }

  /** Hands everything queued to the socket, through the layer in effect. */
  flush(): void {
    this.#flushing = false;
    const out = this.#out;
    if (out.length === 0 || this.#closed) return;
    this.#out = [];
    this.#outSize = 0;
    const layer = this.#sasl?.layer;
    const parts =
      layer === undefined
        ? out
        : byOperation(out).flatMap((messages) => protect(layer, joined(messages)));
    const whole = joined(parts);
    if (!this.#socket.write(whole)) this.#watchWrites();
  }

  /** Whether the peer reads more slowly than we write. */
  get congested(): boolean {
    return this.#writeTimer !== undefined;
  }

  /** Stops or goes on taking octets from the socket. */
  set reading(on: boolean) {
    if (on === !this.#socket.isPaused()) return;
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }

  /** From here on, both directions go through the layer (RFC 4511 §4.2.2, RFC 4422 §3.7). */
  install(layer: SecurityLayer): void {
    this.flush();
    const rest = this.#messages.takeRest();
    this.#sasl = new SaslDeframer(layer);
    if (rest.length > 0) this.#sasl.push(rest);
  }

  /**
   * Puts TLS on top of the socket and resolves after the handshake; fails where octets came in
   * clear text behind the operation that started TLS, which could be injected (RFC 4511 §6).
   * `done` is the event of a finished handshake: `secure` at a server; `secureConnect` at a client,
   * where it comes after the verification of the certificate.
   */
  async startTls(
    wrap: (socket: Socket) => TLSSocket,
    done: 'secure' | 'secureConnect',
  ): Promise<TLSSocket> {
    this.flush();
    if (this.partial || this.#sasl !== undefined) throw new Error('octets before TLS');
    const socket = this.#socket;
    socket.removeAllListeners('data');
    socket.removeAllListeners('drain');
    socket.removeAllListeners('close');
    this.#clearWriteTimer();
    const secure = wrap(socket);
    this.#socket = secure;
    this.#attach(secure);
    await new Promise<void>((resolve, reject) => {
      const failed = () => reject(this.#error ?? new Error('closed during the TLS handshake'));
      secure.once('close', failed);
      secure.once(done, () => {
        secure.removeListener('close', failed);
        resolve();
      });
    });
    return secure;
  }

  /** Sends what is queued and closes; the peer gets `writeTimeout` to take it. */
  end(): void {
    if (this.#closed) return;
    this.flush();
    this.#socket.end();
    this.#watchWrites();
    // Octets still coming are of no interest, but unread they would turn our close into a reset.
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
  }

  /** Closes at once. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  #attach(socket: Socket): void {
    socket.on('data', (chunk: Uint8Array) => {
      if (this.#sasl === undefined) this.#messages.push(chunk);
      else this.#sasl.push(chunk);
      this.#events.readable();
    });
    socket.on('drain', () => {
      this.#clearWriteTimer();
      this.#events.drained();
    });
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => {
      if (this.#closed) return;
      this.#closed = true;
      this.#clearWriteTimer();
      this.#events.closed(this.#error);
    });
  }

  #watchWrites(): void {
    this.#writeTimer ??= setTimeout(() => {
      this.destroy(new WriteTimeout('the peer does not read'));
    }, this.#writeTimeout);
  }

  #clearWriteTimer(): void {
    clearTimeout(this.#writeTimer);
    this.#writeTimer = undefined;
  }
}

/** The peer left full buffers unread for too long. */
export class WriteTimeout extends Error {}

/**
 * Runs of messages of one operation. Each has SASL buffers of its own, as from Windows: some
 * clients (badldap) take all that is in a buffer for the answer to one request.
 */
function byOperation(messages: readonly Uint8Array[]): readonly Uint8Array[][] {
  const runs: Uint8Array[][] = [];
  let current: number | undefined;
  for (const message of messages) {
    const { messageId } = decodeEnvelope(message);
    if (messageId !== current) runs.push([]);
    current = messageId;
    runs.at(-1)?.push(message);
  }
  return runs;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : concat(...parts);
}
