import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { HostAddress } from '../messages/common.ts';
import type { Channel, Endpoint, OpenChannel } from '../transport/channel.ts';
import type { KdcExchange, KdcRequestOptions } from '../transport/exchange.ts';
import type { Verdict } from '../transport/race.ts';
import { isKpasswdMessage } from './messages.ts';
import { hostAddress } from './private-message.ts';

/**
 * Sends a request to a password server of the realm and returns its answer. The request is made for
 * each server that is tried, with the address that it is sent from: MIT's and Samba's servers
 * compare it (s-address of KRB-PRIV, RFC 4120 §3.5.1).
 */
export type KpasswdTransport = (
  realm: string,
  request: (sender: HostAddress) => Uint8Array,
) => Promise<Uint8Array>;

/** How requests travel. */
export interface KpasswdTransportOptions extends Pick<KdcRequestOptions, 'signal' | 'tcpOnly'> {
  /** The address that packets to a server leave from; absent: what the system says. */
  readonly senderFor?: (endpoint: Endpoint) => Promise<string>;
}

/** The transport over the password servers that a krb5.conf and the DNS name. */
export function kpasswdTransport(
  exchange: KdcExchange,
  { senderFor = localAddressTo, ...options }: KpasswdTransportOptions = {},
): KpasswdTransport {
  return async (realm, request) => {
    const build = async (endpoint: Endpoint): Promise<Uint8Array> =>
      request(hostAddress(await senderFor(endpoint)));
    // One that is never sent says how long the others are, which decides between UDP and TCP.
    const sample = request(hostAddress('0.0.0.0'));
    return await exchange(realm, sample, {
      ...options,
      service: 'kpasswd',
      judge,
      wrap: (open) => buildingChannel(open, build),
    });
  };
}

/** The local address that packets to a server leave from; nothing is sent to find out. */
export async function localAddressTo({ address, port }: Endpoint): Promise<string> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    const connected = Promise.withResolvers<void>();
    socket.on('error', connected.reject);
    socket.connect(port, address, connected.resolve);
    await connected.promise;
    return socket.address().address;
  } finally {
    socket.close();
  }
}

/** Channels that send a message of their own in place of what they are given. */
function buildingChannel(
  open: OpenChannel,
  build: (endpoint: Endpoint) => Promise<Uint8Array>,
): OpenChannel {
  return (endpoint, events) => {
    const channel: Channel = open(endpoint, events);
    let message: Promise<Uint8Array> | undefined;
    let closed = false;
    const close = (): void => {
      closed = true;
      channel.close();
    };
    return {
      send() {
        // The same octets each time: the server knows a datagram that comes again.
        message ??= build(endpoint);
        message.then(
          (bytes) => {
            if (!closed) channel.send(bytes);
          },
          (error: unknown) => {
            if (closed) return;
            close();
            events.onFailure(error instanceof Error ? error.message : 'no request');
          },
        );
      },
      close,
    };
  };
}

const KRB_ERROR_TAG = 0x7e;

/** Active Directory sends a KRB-ERROR without a header too. */
function judge(reply: Uint8Array): Verdict {
  return isKpasswdMessage(reply) || reply[0] === KRB_ERROR_TAG ? 'answer' : 'noise';
}
