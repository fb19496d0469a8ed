import { hash } from 'node:crypto';
import { concat, plain, utf8 } from '@doublehop/wire/bytes';
import { anyValue, decodeBer, optional, sequence } from '@doublehop/wire/der';
import { bitOctets, objectIdentifier } from '@doublehop/wire/der-primitives';

/** An address in channel bindings; type 0 and no octets where there is none. */
export interface BindingAddress {
  readonly type: number;
  readonly address: Uint8Array;
}

/** gss_channel_bindings_struct (RFC 2744 §3.11): what ties a context to the channel below it. */
export interface ChannelBindings {
  readonly applicationData: Uint8Array;
  readonly initiator?: BindingAddress;
  readonly acceptor?: BindingAddress;
}

/** Bnd of an initiator without channel bindings (RFC 4121 §4.1.1). */
export const NO_BINDINGS: Uint8Array = new Uint8Array(16);

/** Bnd: MD5 of the bindings, all integers little-endian (RFC 4121 §4.1.1.2). */
export function bindingsHash({
  applicationData,
  initiator,
  acceptor,
}: ChannelBindings): Uint8Array {
  const parts = [...addressParts(initiator), ...addressParts(acceptor)];
  const data = concat(...parts, uint32(applicationData.length), applicationData);
  return plain(hash('md5', data, 'buffer'));
}

/**
 * Bindings of the type tls-server-end-point (RFC 5929 §4) for a server's certificate in DER: its
 * hash, by the hash function of its own signature, SHA-256 where that is MD5, SHA-1 or not known.
 * Throws WireError for octets that are no certificate.
 */
export function tlsServerEndPoint(certificate: Uint8Array): ChannelBindings {
  const { algorithm } = decodeBer(Certificate, certificate);
  const name = LONGER_HASHES.get(algorithm.algorithm) ?? 'sha256';
  const digest = hash(name, certificate, 'buffer');
  return { applicationData: concat(utf8('tls-server-end-point:'), plain(digest)) };
}

/** Certificate (RFC 5280 §4.1), as far as the signature's algorithm. */
const Certificate = sequence({
  body: anyValue,
  algorithm: sequence(
    { algorithm: objectIdentifier, parameters: optional(anyValue) },
    { extensible: true },
  ),
  signature: bitOctets,
});

/** Signature algorithms with another hash than SHA-256 (RFC 8017 appendix C, RFC 5758 §3.2). */
const LONGER_HASHES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.113549.1.1.14', 'sha224'],
  ['1.2.840.10045.4.3.1', 'sha224'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);

const NO_ADDRESS: BindingAddress = { type: 0, address: new Uint8Array(0) };

function addressParts({ type, address }: BindingAddress = NO_ADDRESS): readonly Uint8Array[] {
  return [uint32(type), uint32(address.length), address];
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
