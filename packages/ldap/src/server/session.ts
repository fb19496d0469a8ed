import type { Socket } from 'node:net';
import type { Protection } from '../sasl/mechanism.ts';
import type { LdapSession } from './handler.ts';

/** What a server knows of a connection that it accepts. */
export type SessionKind = Pick<LdapSession<unknown>, 'id' | 'globalCatalog'>;

/** The state of a connection that its handler may read. Only the connection writes it. */
export class Session<I> implements LdapSession<I> {
  readonly id: number;
  readonly globalCatalog: boolean;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  identity: I | undefined;
  tls = false;
  layer: Protection = 'none';
  channelBinding: Uint8Array | undefined;

  constructor({ id, globalCatalog }: SessionKind, socket: Socket) {
    this.id = id;
    this.globalCatalog = globalCatalog;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
  }

  get confidential(): boolean {
    return this.tls || this.layer === 'confidentiality';
  }
}
