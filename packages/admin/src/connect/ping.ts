import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { RandomSource } from '@doublehop/crypto/random';
import type { Resolver } from '@doublehop/kerberos/locate/resolver';
import { LdapError } from '@doublehop/ldap/errors';
import { equals } from '@doublehop/ldap/filter';
import { decodeMessage, encodeMessage } from '@doublehop/ldap/messages/message';
import { MessageDeframer } from '@doublehop/ldap/transport/message-deframer';
import { DsFlag, NetlogonOpcode, NetlogonVersion } from '@doublehop/security/netlogon/flags';
import { decodeNetlogonResponse } from '@doublehop/security/netlogon/response';
import { WireError } from '@doublehop/wire/errors';
import { MAX_PING_ANSWER } from '../limits.ts';

/** What a controller says about itself and about whoever asks (MS-ADTS 6.3.1.9). */
export interface PingAnswer {
  /** DNS names. */
  readonly controller: string;
  readonly domain: string;
  readonly forest: string;
  readonly site: string;
  /** The site of the one who asks, by his address; '' where no subnet has it. */
  readonly clientSite: string;
  /** DsFlag bits. */
  readonly flags: number;
  /** In the site of the one who asks, or in the next one to it. */
  readonly closest: boolean;
  /** A read-only controller is not (MS-ADTS 6.3.1.2). */
  readonly writable: boolean;
}

/** Asks one controller; undefined is silence, or an answer that is none. */
export type Ping = (
  controller: { readonly host: string; readonly port: number },
  domain: string,
  signal: AbortSignal,
) => Promise<PingAnswer | undefined>;

/** What pings are made of. */
export interface PingOptions {
  readonly resolver: Pick<Resolver, 'addresses'>;
  readonly random: RandomSource;
}

/** Pings by CLDAP: a search of the rootDSE in one datagram, which needs no bind (MS-ADTS 6.3.3). */
export function ldapPing({ resolver, random }: PingOptions): Ping {
  return async ({ host, port }, domain, signal) => {
    try {
      const [address] = await resolver.addresses(host);
      if (address === undefined || signal.aborted) return undefined;
      const octets = random(4);
      // Message IDs are positive numbers of 31 bits (RFC 4511 §4.1.1.1).
      const messageId =
        (new DataView(octets.buffer, octets.byteOffset).getUint32(0) & 0x7fff_fffe) + 1;
      const request = pingRequest(messageId, domain);
      return await exchange({ address, port }, request, {
        signal,
        read: (reply) => readAnswer(reply, messageId, domain),
      });
    } catch {
      // A name without address, a network without way: no answer, and others are asked.
      return undefined;
    }
  };
}

/** The datagram of a ping: `(&(DnsDomain=…)(NtVer=\06\00\00\00))` (MS-ADTS 6.3.3.2). */
export function pingRequest(messageId: number, domain: string): Uint8Array {
  const version = NetlogonVersion.V5 | NetlogonVersion.V5EX;
  const filters = [
    equals('DnsDomain', domain),
    equals('NtVer', Uint8Array.of(version, 0, 0, 0)),
  ] as const;
  return encodeMessage({
    messageId,
    operation: {
      kind: 'searchRequest',
      value: {
        baseObject: '',
        scope: 'base',
        derefAliases: 'never',
        sizeLimit: 0,
        timeLimit: 0,
        typesOnly: false,
        filter: { kind: 'and', filters },
        attributes: ['Netlogon'],
      },
    },
  });
}

/** The answer in a datagram; undefined where it is none to this ping, or says "not now". */
export function readAnswer(
  datagram: Uint8Array,
  messageId: number,
  domain: string,
): PingAnswer | undefined {
  const value = netlogonValue(datagram, messageId);
  if (value === undefined) return undefined;
  try {
    const response = decodeNetlogonResponse(value);
    if (response.kind !== 'v5ex') return undefined;
    // Any other code is of a controller whose Netlogon pauses (MS-ADTS 6.3.1.3).
    if (response.opcode !== NetlogonOpcode.LOGON_SAM_LOGON_RESPONSE_EX) return undefined;
    if (response.dnsDomainName.toLowerCase() !== domain.toLowerCase()) return undefined;
    const { flags, dcSiteName: site, clientSiteName: clientSite } = response;
    return {
      controller: response.dnsHostName.toLowerCase(),
      domain: response.dnsDomainName,
      forest: response.dnsForestName,
      site,
      clientSite,
      flags,
      closest: (flags & DsFlag.CLOSEST) !== 0,
      writable: (flags & DsFlag.WRITABLE) !== 0,
    };
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function netlogonValue(datagram: Uint8Array, messageId: number): Uint8Array | undefined {
  const messages = new MessageDeframer(MAX_PING_ANSWER);
  try {
    messages.push(datagram);
    const first = messages.next();
    if (first === undefined) return undefined;
    const { operation, messageId: id } = decodeMessage(first);
    if (id !== messageId || operation.kind !== 'searchEntry') return undefined;
    const { attributes } = operation.value;
    return attributes.find(({ type }) => type.toLowerCase() === 'netlogon')?.values[0];
  } catch (error) {
    if (error instanceof WireError || error instanceof LdapError) return undefined;
    throw error;
  }
}

interface Exchange {
  readonly signal: AbortSignal;
  readonly read: (reply: Uint8Array) => PingAnswer | undefined;
}

/** Sends, and once more where nothing came for a while; the signal ends the wait. */
async function exchange(
  { address, port }: { readonly address: string; readonly port: number },
  request: Uint8Array,
  { signal, read }: Exchange,
): Promise<PingAnswer | undefined> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const { promise, resolve } = Promise.withResolvers<PingAnswer | undefined>();
  const end = (): void => resolve(undefined);
  signal.addEventListener('abort', end);
  const again = setTimeout(() => send(socket, request), RESEND);
  try {
    socket.on('error', end);
    socket.on('message', (reply) => {
      const answer = read(reply);
      // What is no answer to this ping may come from anybody: the right one may follow.
      if (answer !== undefined) resolve(answer);
    });
    // Connected, a socket takes datagrams of that controller alone, and hears of closed ports.
    socket.connect(port, address, () => send(socket, request));
    return await promise;
  } finally {
    clearTimeout(again);
    signal.removeEventListener('abort', end);
    socket.close();
  }
}

/** Milliseconds after which a datagram may well be lost. */
const RESEND = 500;

function send(socket: Socket, request: Uint8Array): void {
  try {
    socket.send(request, () => undefined);
  } catch {
    // Not connected yet: a ping that is sent later needs no second one.
  }
}
