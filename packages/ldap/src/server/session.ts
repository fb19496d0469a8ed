import type { Socket } from 'node:net';
import type { Protection } from '../sasl/mechanism.ts';
import type { LdapSession } from './handler.ts';

/** The state of a connection that its handler may read. Only the connection writes it. */
export class Session<I> implements LdapSession<I> {
  readonly id: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  identity: I | undefined;
  tls = false;
  layer: Protection = 'none';
  channelBinding: Uint8Array | undefined;

  constructor(id: number, socket: Socket) {
    this.id = id;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
  }

  get confidential(): boolean {
    return this.tls || this.layer === 'confidentiality';
  }
}
