import { hash } from 'node:crypto';
import { concat, plain, utf8 } from '@doublehop/wire/bytes';
import { anyValue, decodeBer, optional, sequence } from '@doublehop/wire/der';
import { bitOctets, objectIdentifier } from '@doublehop/wire/der-primitives';

const Algorithm = sequence(
  { algorithm: objectIdentifier, parameters: optional(anyValue) },
  { extensible: true },
);

const Certificate = sequence({ body: anyValue, algorithm: Algorithm, signature: bitOctets });

/** Signature algorithms whose hash is longer than SHA-256 (RFC 8017 appendix C, RFC 5758 §3.2). */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);

/**
 * Application data of the channel binding tls-server-end-point (RFC 5929 §4): the hash of the
 * server's certificate by its own signature's hash, SHA-256 where that is MD5, SHA-1 or not known.
 * Throws WireError for octets that are no certificate.
 */
export function tlsServerEndPoint(certificate: Uint8Array): Uint8Array {
  const { algorithm } = decodeBer(Certificate, certificate);
  const name = HASHES.get(algorithm.algorithm) ?? 'sha256';
  const digest = hash(name, certificate, 'buffer');
  return concat(utf8('tls-server-end-point:'), plain(digest));
}
