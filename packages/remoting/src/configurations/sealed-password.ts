import { Aead, AEAD_TAG } from '@doublehop/crypto/aead';
import { CryptoError } from '@doublehop/crypto/errors';
import { confounder, type RandomSource } from '@doublehop/crypto/random';
import { SecureText } from '@doublehop/powershell/objects/value';
import { concat, fromBase64, toBase64, utf8 } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';

/** Octets of the key that passwords of RunAs users are sealed under. */
export const SEALING_KEY_SIZE = 32;

/** What a sealed password belongs to: moved elsewhere it does not open. */
export interface SealContext {
  /** Name of the session configuration. */
  readonly configuration: string;
  readonly user: string;
}

/** Name of the form: AES-256-GCM (NIST SP 800-38D), nonce of 12 octets, tag of 16. */
const FORMAT = 'sealed-1';
const NONCE = 12;

/** `sealed-1.<nonce>.<ciphertext and tag>`, in base64. The password stays the caller's. */
export function sealPassword(
  password: SecureText,
  key: Uint8Array,
  context: SealContext,
  random: RandomSource,
): string {
  const nonce = confounder(random, NONCE);
  const { data, tag } = new Aead('aes-256-gcm', key).seal(
    nonce,
    boundTo(context),
    password.reveal(),
  );
  const sealed = concat(data, tag);
  return [FORMAT, toBase64(nonce), toBase64(sealed)].join('.');
}

/** Throws RemotingError `configuration` for what was not sealed under that key for that use. */
export function openPassword(sealed: string, key: Uint8Array, context: SealContext): SecureText {
  const [format, nonceText = '', dataText = '', ...more] = sealed.split('.');
  const nonce = fromBase64(nonceText);
  const data = fromBase64(dataText);
  const isWhole = nonce?.length === NONCE && data !== undefined && data.length >= AEAD_TAG;
  if (format !== FORMAT || more.length > 0 || !isWhole) throw unopened();
  const parts = { data: data.subarray(0, -AEAD_TAG), tag: data.subarray(-AEAD_TAG) };
  try {
    return new SecureText(new Aead('aes-256-gcm', key).open(nonce, boundTo(context), parts));
  } catch (error) {
    if (error instanceof CryptoError) throw unopened();
    throw error;
  }
}

function boundTo({ configuration, user }: SealContext): Uint8Array {
  return utf8(['doublehop RunAs', configuration.toLowerCase(), user.toLowerCase()].join('\0'));
}

function unopened(): RemotingError {
  return new RemotingError(
    'configuration',
    "the RunAs user's password does not open with this host's key: give it anew",
  );
}
