import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIP } from 'node:net';
import type { RandomSource } from '@doublehop/crypto/random';
import { toBase64 } from '@doublehop/wire/bytes';
import {
  anyValue,
  encodeDer,
  explicit,
  type Infer,
  optional,
  sequence,
  sequenceOf,
  setOf,
  type Tagged,
  tagged,
} from '@doublehop/wire/der';
import {
  bitOctets,
  boolean,
  integer,
  objectIdentifier,
  octets,
  utf8String,
} from '@doublehop/wire/der-primitives';

/** What a certificate is to say. */
export interface CertificateRequest {
  /** DNS names and IP addresses; the first name is the subject's too. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Days from `now` on; one hour before is valid too, for clocks that are behind. */
  readonly days?: number;
  /** Clients of CredSSP know RSA alone; ECDSA where absent. */
  readonly keyType?: 'rsa' | 'ec';
  readonly random: RandomSource;
}

/** A certificate and its key as PEM, as `tls.createSecureContext` takes them. */
export interface KeyAndCertificate {
  readonly cert: string;
  /** PKCS #8. Secret. */
  readonly key: string;
}

const DEFAULT_DAYS = 397;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * A self-signed certificate of a server (RFC 5280 §4), version 3: ECDSA with P-256, or RSA of 2048
 * bits, with SHA-256. It may sign itself alone (pathLenConstraint 0), so that clients can name it
 * as their trust anchor.
 */
export function selfSignedCertificate(request: CertificateRequest): KeyAndCertificate {
  const isRsa = request.keyType === 'rsa';
  const { publicKey, privateKey } = isRsa
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = isRsa ? RSA_SHA256 : ECDSA_SHA256;
  const toBeSigned = encodeDer(TbsCertificate, certificateOf(request, publicKey, algorithm));
  const signature = sign('sha256', toBeSigned, { key: privateKey, dsaEncoding: 'der' });
  const certificate = encodeDer(Certificate, {
    toBeSigned,
    algorithm,
    signature,
  });
  return {
    cert: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

/** ecdsa-with-SHA256 (RFC 5758 §3.2): its parameters are absent. */
const ECDSA_SHA256 = { algorithm: '1.2.840.10045.4.3.2', parameters: undefined };
/** sha256WithRSAEncryption (RFC 4055 §5): its parameters are NULL. */
const RSA_SHA256 = { algorithm: '1.2.840.113549.1.1.11', parameters: new Uint8Array(0) };
const COMMON_NAME = '2.5.4.3';

/** Extensions of RFC 5280 §4.2.1 and the purpose id-kp-serverAuth. */
const Extension = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

const NULL = raw(0x05);

const AlgorithmIdentifier = sequence({
  algorithm: objectIdentifier,
  parameters: optional(NULL),
});

/** INTEGER of any length, as its content octets. */
const bigInteger = raw(0x02);

const Name = sequenceOf(setOf(sequence({ type: objectIdentifier, value: utf8String })));

const Extensions = sequenceOf(
  sequence({ id: objectIdentifier, critical: optional(boolean), value: octets }),
);

const TbsCertificate = sequence({
  version: explicit(0, integer(2, 2)),
  serialNumber: bigInteger,
  signature: AlgorithmIdentifier,
  issuer: Name,
  validity: sequence({ notBefore: anyValue, notAfter: anyValue }),
  subject: Name,
  publicKey: anyValue,
  extensions: explicit(3, Extensions),
});

const Certificate = sequence({
  toBeSigned: anyValue,
  algorithm: AlgorithmIdentifier,
  signature: bitOctets,
});

function certificateOf(
  { names, now, random, days = DEFAULT_DAYS }: CertificateRequest,
  publicKey: KeyObject,
  algorithm: Infer<typeof AlgorithmIdentifier>,
): Parameters<typeof TbsCertificate.writeContent>[1] {
  const [first] = names;
  if (first === undefined) throw new TypeError('a certificate needs a name');
  const subject = [[{ type: COMMON_NAME, value: first }]];
  return {
    version: 2,
    serialNumber: serial(random),
    signature: algorithm,
    issuer: subject,
    validity: { notBefore: timeOf(now - HOUR), notAfter: timeOf(now + days * DAY) },
    subject,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    extensions: extensionsOf(names),
  };
}

/** 127 bits: positive, and more than the 64 random ones that certificates have to have. */
function serial(random: RandomSource): Uint8Array {
  const bytes = Uint8Array.from(random(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function extensionsOf(names: readonly string[]): Parameters<typeof Extensions.writeContent>[1] {
  const constraints = sequence({ ca: boolean, pathLength: integer(0, 255) });
  return [
    {
      id: Extension.basicConstraints,
      critical: true,
      value: encodeDer(constraints, { ca: true, pathLength: 0 }),
    },
    // digitalSignature and keyCertSign (RFC 5280 §4.2.1.3): bits 0 and 5, two bits unused.
    { id: Extension.keyUsage, critical: true, value: Uint8Array.of(0x03, 2, 2, 0x84) },
    {
      id: Extension.extendedKeyUsage,
      value: encodeDer(sequenceOf(objectIdentifier), [SERVER_AUTH]),
    },
    {
      id: Extension.subjectAltName,
      value: encodeDer(sequenceOf(anyValue), names.map(generalName)),
    },
  ];
}

/** GeneralName: dNSName [2] or iPAddress [7] (RFC 5280 §4.2.1.6). */
function generalName(name: string): Uint8Array {
  const family = isIP(name);
  if (family === 0) return encodeDer(raw(0x82), Buffer.from(name, 'ascii'));
  return encodeDer(raw(0x87), family === 4 ? octetsOfIpv4(name) : octetsOfIpv6(name));
}

function octetsOfIpv4(address: string): Uint8Array {
  return Uint8Array.from(address.split('.'), Number);
}

/** `::` stands for as many groups of zeros as are missing (RFC 4291 §2.2). */
function octetsOfIpv6(address: string): Uint8Array {
  const [head = '', tail] = address.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => 0), ...after];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

/** UTCTime until 2049, GeneralizedTime afterwards (RFC 5280 §4.1.2.5). */
function timeOf(milliseconds: number): Uint8Array {
  const digits = `${new Date(milliseconds).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
  const isShort = digits < '2050';
  return encodeDer(raw(isShort ? 0x17 : 0x18), Buffer.from(isShort ? digits.slice(2) : digits));
}

/** A value of this tag from its content octets. */
function raw(tag: number): Tagged<Uint8Array> {
  return tagged(
    tag,
    (reader, end) => octets.readContent(reader, end),
    (writer, value) => octets.writeContent(writer, value),
  );
}

function pem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
