import { decodeGuid, encodeGuid, type Guid } from '../guid.ts';
import { concat, fromUtf16le, utf16le } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import { MAX_NETLOGON_NAME } from '../limits.ts';
import { NameWriter, readCompressedName } from './compressed-names.ts';
import { NETLOGON_TOKENS, NetlogonVersion } from './flags.ts';

/** NETLOGON_SAM_LOGON_RESPONSE_NT40 (MS-ADTS 6.3.1.7). */
export interface Nt40Response {
  readonly kind: 'nt40';
  /** NetlogonOpcode. */
  readonly opcode: number;
  /** `\\DC`. */
  readonly logonServer: string;
  readonly userName: string;
  readonly domainName: string;
}

/** NETLOGON_SAM_LOGON_RESPONSE (MS-ADTS 6.3.1.8). */
export interface SamLogonResponse extends Omit<Nt40Response, 'kind'> {
  readonly kind: 'v5';
  readonly domainGuid: Guid;
  readonly dnsForestName: string;
  readonly dnsDomainName: string;
  readonly dnsHostName: string;
  /** Dotted decimal. */
  readonly address: string;
  /** DsFlag bits. */
  readonly flags: number;
}

/** NETLOGON_SAM_LOGON_RESPONSE_EX (MS-ADTS 6.3.1.9). */
export interface SamLogonResponseEx {
  readonly kind: 'v5ex';
  readonly opcode: number;
  readonly flags: number;
  readonly domainGuid: Guid;
  readonly dnsForestName: string;
  readonly dnsDomainName: string;
  readonly dnsHostName: string;
  readonly netbiosDomainName: string;
  readonly netbiosComputerName: string;
  readonly userName: string;
  readonly dcSiteName: string;
  readonly clientSiteName: string;
  /** The controller's IPv4 address, for clients that ask for it. */
  readonly address?: string;
}

/** A controller's answer to a ping, in one of its forms. */
export type NetlogonResponse = Nt40Response | SamLogonResponse | SamLogonResponseEx;

/** The octets of an answer; all numbers are little-endian. Throws WireError `encode`. */
export function encodeNetlogonResponse(response: NetlogonResponse): Uint8Array {
  switch (response.kind) {
    case 'nt40':
      return concat(headOf(response), versionAndTokens(NetlogonVersion.V1));
    case 'v5':
      return encodeV5(response);
    case 'v5ex':
      return encodeV5ex(response);
  }
}

/** Reads an answer in any form; what it is stands at its end. Throws WireError. */
export function decodeNetlogonResponse(bytes: Uint8Array): NetlogonResponse {
  if (bytes.length < 10) throw new WireError('truncated', 'the answer is cut short');
  const view = viewOf(bytes);
  const version = view.getUint32(bytes.length - 8, true);
  if (view.getUint32(bytes.length - 4, true) !== NETLOGON_TOKENS) {
    throw new WireError('value', 'the answer does not end with its tokens');
  }
  const body = bytes.subarray(0, bytes.length - 8);
  if ((version & NetlogonVersion.V5EX) !== 0) return decodeV5ex(body, version);
  return decodeUnicode(body, (version & NetlogonVersion.V5) !== 0);
}

function headOf({ opcode, logonServer, userName, domainName }: Omit<Nt40Response, 'kind'>) {
  return concat(
    uint(2, opcode),
    ...[logonServer, userName, domainName].map((name) => utf16le(`${name}\0`)),
  );
}

function encodeV5(response: SamLogonResponse): Uint8Array {
  const { domainGuid, dnsForestName, dnsDomainName, dnsHostName, address, flags } = response;
  const head = concat(headOf(response), encodeGuid(domainGuid), new Uint8Array(16));
  const names = new NameWriter(head.length);
  for (const name of [dnsForestName, dnsDomainName, dnsHostName]) names.domain(name);
  const version = NetlogonVersion.V1 | NetlogonVersion.V5;
  return concat(
    head,
    names.finish(),
    addressOctets(address),
    uint(4, flags),
    versionAndTokens(version),
  );
}

function encodeV5ex(response: SamLogonResponseEx): Uint8Array {
  const { opcode, flags, domainGuid, address } = response;
  const head = concat(uint(2, opcode), uint(2, 0), uint(4, flags), encodeGuid(domainGuid));
  const names = new NameWriter(head.length);
  const { dnsForestName, dnsDomainName, dnsHostName } = response;
  for (const name of [dnsForestName, dnsDomainName, dnsHostName]) names.domain(name);
  const { netbiosDomainName, netbiosComputerName, userName, dcSiteName, clientSiteName } = response;
  for (const name of [netbiosDomainName, netbiosComputerName, userName]) names.label(name);
  for (const name of [dcSiteName, clientSiteName]) names.label(name);
  const version = NetlogonVersion.V1 | NetlogonVersion.V5EX;
  if (address === undefined) return concat(head, names.finish(), versionAndTokens(version));
  return concat(
    head,
    names.finish(),
    uint(1, SOCKADDR_SIZE),
    // AF_INET, no port, the address, eight octets of zero.
    concat(uint(2, 2), uint(2, 0), addressOctets(address), new Uint8Array(8)),
    versionAndTokens(version | NetlogonVersion.V5EX_WITH_IP),
  );
}

const SOCKADDR_SIZE = 16;

function decodeUnicode(bytes: Uint8Array, v5: boolean): Nt40Response | SamLogonResponse {
  const opcode = viewOf(bytes).getUint16(0, true);
  let at = 2;
  const text = (): string => {
    const start = at;
    while (bytes[at] !== 0 || bytes[at + 1] !== 0) {
      at += 2;
      if (at + 1 >= bytes.length || at - start > 2 * MAX_NETLOGON_NAME) {
        throw new WireError('truncated', 'a name has no end', { offset: start });
      }
    }
    at += 2;
    return fromUtf16le(bytes.subarray(start, at - 2));
  };
  const head = { opcode, logonServer: text(), userName: text(), domainName: text() };
  if (!v5) {
    if (at !== bytes.length) throw new WireError('trailing', 'something follows', { offset: at });
    return { kind: 'nt40', ...head };
  }
  const domainGuid = decodeGuid(sized(bytes, at, 16));
  const forest = readCompressedName(bytes, at + 32);
  const domain = readCompressedName(bytes, forest.next);
  const host = readCompressedName(bytes, domain.next);
  if (host.next + 8 !== bytes.length) throw new WireError('trailing', 'not the end');
  return {
    kind: 'v5',
    ...head,
    domainGuid,
    dnsForestName: forest.name,
    dnsDomainName: domain.name,
    dnsHostName: host.name,
    address: bytes.subarray(host.next, host.next + 4).join('.'),
    flags: viewOf(bytes).getUint32(host.next + 4, true),
  };
}

function decodeV5ex(bytes: Uint8Array, version: number): SamLogonResponseEx {
  const head = viewOf(sized(bytes, 0, 24));
  const names: string[] = [];
  let at = 24;
  while (names.length < 8) {
    const { name, next } = readCompressedName(bytes, at);
    names.push(name);
    at = next;
  }
  const withIp = (version & NetlogonVersion.V5EX_WITH_IP) !== 0;
  if (withIp && sized(bytes, at, 1 + SOCKADDR_SIZE)[0] !== SOCKADDR_SIZE) {
    throw new WireError('value', 'the address is of no known kind', { offset: at });
  }
  if (at + (withIp ? 1 + SOCKADDR_SIZE : 0) !== bytes.length) {
    throw new WireError('trailing', 'something follows', { offset: at });
  }
  const [dnsForestName = '', dnsDomainName = '', dnsHostName = '', ...rest] = names;
  const [netbiosDomainName = '', netbiosComputerName = '', userName = '', ...sites] = rest;
  const [dcSiteName = '', clientSiteName = ''] = sites;
  return {
    kind: 'v5ex',
    opcode: head.getUint16(0, true),
    flags: head.getUint32(4, true),
    domainGuid: decodeGuid(sized(bytes, 8, 16)),
    dnsForestName,
    dnsDomainName,
    dnsHostName,
    netbiosDomainName,
    netbiosComputerName,
    userName,
    dcSiteName,
    clientSiteName,
    ...(withIp ? { address: bytes.subarray(at + 5, at + 9).join('.') } : {}),
  };
}

function sized(bytes: Uint8Array, at: number, size: number): Uint8Array {
  const part = bytes.subarray(at, at + size);
  if (part.length === size) return part;
  throw new WireError('truncated', 'the answer is cut short', { offset: at });
}

function versionAndTokens(version: number): Uint8Array {
  return concat(uint(4, version), uint(4, NETLOGON_TOKENS));
}

/** An address without IPv4 is 127.0.0.1 (MS-ADTS 6.3.1.9 sin_addr). */
function addressOctets(address: string): Uint8Array {
  const parts = address.split('.').map(Number);
  return parts.length === 4 ? Uint8Array.from(parts) : Uint8Array.of(127, 0, 0, 1);
}

function uint(size: 1 | 2 | 4, value: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (value >>> (8 * i)) & 0xff;
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
