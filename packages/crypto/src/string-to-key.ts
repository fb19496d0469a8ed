import { pbkdf2, pbkdf2Sync } from 'node:crypto';
import type { EncryptionType, PasswordStretch } from './encryption-type.ts';
import { encryptionType } from './encryption-types.ts';
import { CryptoError } from './errors.ts';
import { Key } from './key.ts';
import { maxIterations } from './limits.ts';

export interface StringToKeyOptions {
  /**
   * The fewest iterations to accept from `params`; the type's default when absent. Whoever answers
   * in a KDC's place could otherwise ask for one, and guess the password from what comes back.
   */
  readonly minIterations?: number;
}

/**
 * The key of a password (RFC 3961 §3, string-to-key), computed on a libuv thread.
 *
 * `salt` is text, hashed as UTF-8, or bytes. `params` is the s2kparams of an ETYPE-INFO2-ENTRY
 * (RFC 4120 §5.2.7.5): absent for the default iteration count, or four octets. RC4 ignores both.
 * Rejects with CryptoError 'unsupported-etype' or 's2k-params'.
 */
export async function stringToKey(
  etype: number,
  password: string,
  salt: string | Uint8Array,
  params?: Uint8Array,
  options: StringToKeyOptions = {},
): Promise<Key> {
  const type = encryptionType(etype);
  const stretch = plan(type, salt, params, options);
  if (stretch === undefined) {
    return hashedKey(type, password);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const { salt: stretchSalt, iterations, hash } = stretch;
  pbkdf2(password, stretchSalt, iterations, type.keyBytes, hash, (error, bytes) => {
    if (error === null) {
      resolve(bytes);
    } else {
      reject(error);
    }
  });
  return Key.of(etype, stretch.finish(await promise));
}

/** {@link stringToKey} on the calling thread: milliseconds of work, so never on a request path. */
export function stringToKeySync(
  etype: number,
  password: string,
  salt: string | Uint8Array,
  params?: Uint8Array,
  options: StringToKeyOptions = {},
): Key {
  const type = encryptionType(etype);
  const stretch = plan(type, salt, params, options);
  if (stretch === undefined) {
    return hashedKey(type, password);
  }
  const { salt: stretchSalt, iterations, hash } = stretch;
  return Key.of(
    etype,
    stretch.finish(pbkdf2Sync(password, stretchSalt, iterations, type.keyBytes, hash)),
  );
}

/**
 * PBKDF2 iterations when no s2kparams are sent (RFC 3962 §4, RFC 8009 §4), or undefined for a type
 * that does not iterate. Throws CryptoError 'unsupported-etype'.
 */
export function defaultIterations(etype: number): number | undefined {
  const rule = encryptionType(etype).password;
  return rule.kind === 'stretched' ? rule.defaultIterations : undefined;
}

/** The s2kparams that ask for `iterations` (RFC 3962 §4): four octets, most significant first. */
export function iterationParams(iterations: number): Uint8Array {
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > maxIterations) {
    throw new RangeError(`iterations go from 1 to ${maxIterations}`);
  }
  return Uint8Array.of(iterations >>> 24, iterations >>> 16, iterations >>> 8, iterations);
}

function plan(
  type: EncryptionType,
  salt: string | Uint8Array,
  params: Uint8Array | undefined,
  options: StringToKeyOptions,
): PasswordStretch | undefined {
  if (type.password.kind === 'hashed') {
    return undefined;
  }
  const usual = type.password.defaultIterations;
  const bytes = typeof salt === 'string' ? Buffer.from(salt) : salt;
  const iterations =
    params === undefined
      ? usual
      : readIterations(type.etype, params, options.minIterations ?? usual);
  return type.password.stretch(bytes, iterations);
}

function readIterations(etype: number, params: Uint8Array, min: number): number {
  if (params.length !== 4) {
    throw new CryptoError('s2k-params', 'the string-to-key parameters are not four octets', {
      etype,
      expected: 4,
      actual: params.length,
    });
  }
  // RFC 3962 §4: zero stands for 2^32.
  const asked = new DataView(params.buffer, params.byteOffset).getUint32(0) || 2 ** 32;
  if (asked < min || asked > maxIterations) {
    const bound = asked < min ? `fewer than ${min}` : `more than ${maxIterations}`;
    throw new CryptoError('s2k-params', `the peer asks for ${bound} iterations`, {
      etype,
      expected: asked < min ? min : maxIterations,
      actual: asked,
    });
  }
  return asked;
}

function hashedKey(type: EncryptionType, password: string): Key {
  if (type.password.kind !== 'hashed') {
    throw new RangeError('the encryption type stretches passwords');
  }
  return Key.of(type.etype, type.password.keyBytes(password));
}
