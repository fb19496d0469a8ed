import type { Transport } from '../config/values.ts';

/** Where a request goes: one address, one port, one transport. */
export interface Endpoint {
  /** IPv4 or IPv6 address. */
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
}

/** What a channel tells. After `onFailure` it is dead. */
export interface ChannelEvents {
  /** The TCP connection stands. */
  onConnect(): void;
  onReply(reply: Uint8Array): void;
  /** `reason` in a word or two, e.g. ECONNREFUSED. */
  onFailure(reason: string): void;
}

/** A way to one endpoint. */
export interface Channel {
  /** Sends the request; on UDP as often as called, on TCP once. */
  send(request: Uint8Array): void;
  /** Ends it; nothing is told any more. */
  close(): void;
}

/** Opens a channel; failures arrive as events. */
export type OpenChannel = (endpoint: Endpoint, events: ChannelEvents) => Channel;

/** Text of an endpoint for errors, e.g. `10.0.0.1:88/udp`. */
export function formatEndpoint({ address, port, transport }: Endpoint): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${transport}`;
}
