import { Aead, type AeadName, keyBytes } from '@doublehop/crypto/aead';
import { Hmac } from '@doublehop/crypto/hmac';
import { concat, utf8 } from '@doublehop/wire/bytes';
import { Dialect } from '../messages/constants.ts';
import { Cipher, SigningAlgorithm } from '../messages/negotiate.ts';
import { createSigner, type Signer } from './signing.ts';
import { Opener, Sealer } from './transform.ts';

/** What two sides agreed on, as far as keys depend on it. */
export interface KeyTerms {
  readonly dialect: number;
  /** Undefined: nothing is encrypted. */
  readonly cipher: number | undefined;
  /** Only of 3.1.1; older dialects have one each. */
  readonly signing: number | undefined;
  /** SHA-512 over the messages so far, in 3.1.1 (MS-SMB2 3.1.4.4.1). */
  readonly preauthHash: Uint8Array;
}

/** The keys of a session on one side. */
export interface SessionKeys {
  readonly signer: Signer;
  readonly sealer: Sealer | undefined;
  readonly opener: Opener | undefined;
}

/**
 * Keys of a session (MS-SMB2 3.2.5.3.1, 3.3.5.5.3). `gssKey` is what the security context gives:
 * of Kerberos, the key in which its messages are protected.
 */
export function sessionKeys(
  side: 'client' | 'server',
  gssKey: Uint8Array,
  terms: KeyTerms,
): SessionKeys {
  const { dialect, cipher, signing, preauthHash } = terms;
  // The first 16 octets, padded on the right (MS-SMB2 3.2.5.3).
  const sessionKey = concat(gssKey, new Uint8Array(16)).subarray(0, 16);
  if (dialect < Dialect.smb300) {
    const signer = createSigner(SigningAlgorithm.hmacSha256, sessionKey);
    return { signer, sealer: undefined, opener: undefined };
  }
  const labels = dialect === Dialect.smb311 ? LABELS_311 : LABELS_30;
  const contextOf = (context: string): Uint8Array =>
    dialect === Dialect.smb311 ? preauthHash : utf8(context);
  const signingKey = deriveKey(sessionKey, labels.signing, contextOf('SmbSign\0'), 16);
  const signer = createSigner(signing ?? SigningAlgorithm.aesCmac, signingKey);
  const name = cipher === undefined ? undefined : CIPHERS.get(cipher);
  if (name === undefined) return { signer, sealer: undefined, opener: undefined };
  // Ciphers of 256 bits take the whole key of the context (MS-SMB2 3.2.5.3.1).
  const size = keyBytes(name);
  const base = size === 32 ? gssKey : sessionKey;
  const key = (label: string, context: string): Aead =>
    new Aead(name, deriveKey(base, label, contextOf(context), size));
  const fromClient = key(labels.toServer, 'ServerIn \0');
  const fromServer = key(labels.toClient, 'ServerOut\0');
  return side === 'client'
    ? { signer, sealer: new Sealer(fromClient), opener: new Opener(fromServer) }
    : { signer, sealer: new Sealer(fromServer), opener: new Opener(fromClient) };
}

/** Labels of the keys (MS-SMB2 3.1.4.2): the terminating zero is one of their octets. */
const LABELS_311 = {
  signing: 'SMBSigningKey\0',
  toServer: 'SMBC2SCipherKey\0',
  toClient: 'SMBS2CCipherKey\0',
} as const;
const LABELS_30 = {
  signing: 'SMB2AESCMAC\0',
  toServer: 'SMB2AESCCM\0',
  toClient: 'SMB2AESCCM\0',
} as const;

const CIPHERS: ReadonlyMap<number, AeadName> = new Map([
  [Cipher.aes128Ccm, 'aes-128-ccm'],
  [Cipher.aes128Gcm, 'aes-128-gcm'],
  [Cipher.aes256Ccm, 'aes-256-ccm'],
  [Cipher.aes256Gcm, 'aes-256-gcm'],
]);

/**
 * NIST SP 800-108 §5.1, counter mode with HMAC-SHA256, counter and length of 32 bits
 * (MS-SMB2 3.1.4.2). One step is enough: a key has at most 32 octets.
 */
export function deriveKey(
  key: Uint8Array,
  label: string,
  context: Uint8Array,
  octets: number,
): Uint8Array {
  const counter = Uint8Array.of(0, 0, 0, 1);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, octets * 8, false);
  const input = concat(counter, utf8(label), Uint8Array.of(0), context, length);
  return new Hmac('sha256', key).digest(input, octets);
}
