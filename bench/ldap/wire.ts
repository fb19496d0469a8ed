// One connection of the load generator: prepared messages out, results counted as they come in.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { decodeBer, encodeDer } from '@doublehop/wire/der';
import { MessageType, type Operation } from '@doublehop/ldap/messages/message';
import type { Control } from '@doublehop/ldap/messages/common';
import { MessageDeframer } from '@doublehop/ldap/transport/message-deframer';

/** An answer that ends an operation. */
export interface Done {
  readonly code: string;
  readonly controls: readonly Control[];
}

const MAX_MESSAGE = 1 << 24;
/** Identifier octets of SearchResultEntry and SearchResultReference: more is to come. */
const MORE = new Set([0x64, 0x73]);

export class Connection {
  /** Entries that came. */
  entries = 0;
  readonly #socket: Socket;
  readonly #deframer = new MessageDeframer(MAX_MESSAGE);
  #waiting: ((message: Uint8Array) => void) | undefined;
  readonly #done: Uint8Array[] = [];
  /** Told of each entry's message, while set. */
  onEntry: ((message: Uint8Array) => void) | undefined;

  static async open(address: string, port: number): Promise<Connection> {
    const socket = connect(port, address);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
  }

  close(): void {
    this.#socket.destroy();
  }

  send(message: Uint8Array): void {
    this.#socket.write(message);
  }

  /** The next message that ends an operation. */
  next(): Promise<Uint8Array> {
    const [first] = this.#done.splice(0, 1);
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** One operation by itself. */
  async ask(operation: Operation, controls?: readonly Control[]): Promise<Done> {
    this.send(messageOf(1, operation, controls));
    return doneOf(await this.next());
  }

  /** Sends all, `window` outstanding at a time; returns how often each result code came. */
  async sendAll(messages: readonly Uint8Array[], window: number): Promise<Record<string, number>> {
    const codes: Record<string, number> = {};
    let sent = 0;
    for (; sent < Math.min(window, messages.length); sent += 1) this.#sendOne(messages, sent);
    for (let done = 0; done < messages.length; done += 1) {
      const message = await this.next();
      if (sent < messages.length) this.#sendOne(messages, sent);
      sent += 1;
      const code = resultCode(message);
      codes[code] = (codes[code] ?? 0) + 1;
    }
    return codes;
  }

  #sendOne(messages: readonly Uint8Array[], index: number): void {
    const message = messages[index];
    if (message !== undefined) this.#socket.write(message);
  }

  #receive(bytes: Uint8Array): void {
    this.#deframer.push(bytes);
    for (;;) {
      const message = this.#deframer.next();
      if (message === undefined) return;
      if (MORE.has(operationTag(message))) {
        this.entries += 1;
        this.onEntry?.(message);
        continue;
      }
      const waiting = this.#waiting;
      this.#waiting = undefined;
      // The deframer uses its buffer again.
      const kept = new Uint8Array(message);
      if (waiting === undefined) this.#done.push(kept);
      else waiting(kept);
    }
  }
}

export function messageOf(
  messageId: number,
  operation: Operation,
  controls?: readonly Control[],
): Uint8Array {
  const message = { messageId, operation, ...(controls === undefined ? {} : { controls }) };
  return new Uint8Array(encodeDer(MessageType, message));
}

export function doneOf(message: Uint8Array): Done {
  const { operation, controls = [] } = decodeBer(MessageType, message);
  const { value } = operation;
  const code =
    value !== null && typeof value === 'object' && 'resultCode' in value
      ? String(value.resultCode)
      : '?';
  return { code, controls };
}

/** The tag of protocolOp, behind the message's header and its number. */
function operationTag(message: Uint8Array): number {
  const start = headerSize(message, 0);
  return message[start + headerSize(message, start) + (message[start + 1] ?? 0)] ?? 0;
}

/** The ENUMERATED of an LDAPResult, which stands first in it, without decoding the rest. */
function resultCode(message: Uint8Array): string {
  const start = headerSize(message, 0);
  const operation = start + headerSize(message, start) + (message[start + 1] ?? 0);
  return String(message[operation + headerSize(message, operation) + 2] ?? -1);
}

/** Octets of the tag and length at a place. */
function headerSize(message: Uint8Array, at: number): number {
  const first = message[at + 1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}
