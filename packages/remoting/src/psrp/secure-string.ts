import {
  constants,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import { promisify } from 'node:util';
import { openCbc, sealCbc } from '@doublehop/crypto/aes-cbc';
import type { RandomSource } from '@doublehop/crypto/random';
import { concat, fromHex, toBase64 } from '@doublehop/wire/bytes';
import type { SecureCodec } from '../clixml/names.ts';
import { RemotingError } from '../errors.ts';

/** RSA of 2048 bits, as MS-PSRP 2.2.2.3 has it. */
const MODULUS = 256;
const SESSION_KEY = 32;

/** PUBLICKEYSTRUC and RSAPUBKEY without the exponent: CALG_RSA_KEYX, `RSA1`, 2048 bits. */
const PUBLIC_HEADER = fromHex('0602000000a400005253413100080000');

/** PUBLICKEYSTRUC of CALG_AES_256, then CALG_RSA_KEYX. */
const SESSION_HEADER = fromHex('010200001066000000a40000');

/** A client's key pair for one runspace pool. */
export interface ExchangeKey {
  /** PUBLICKEYBLOB in base64: what PUBLIC_KEY carries. */
  readonly publicBlob: string;
  readonly privateKey: KeyObject;
}

/** Makes a key pair; takes tens of milliseconds in another thread. */
export async function makeExchangeKey(): Promise<ExchangeKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: MODULUS * 8,
    publicExponent: 0x1_0001,
  });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const exponent = new Uint8Array(4);
  exponent.set(Buffer.from(e, 'base64url').reverse());
  const modulus = Buffer.from(n, 'base64url').reverse();
  const publicBlob = Buffer.from(concat(PUBLIC_HEADER, exponent, modulus)).toString('base64');
  return { publicBlob, privateKey };
}

/** A pool's AES key: seals and opens SecureStrings until it is wiped (MS-PSRP 2.2.5.1.24). */
export class SessionKey implements SecureCodec {
  readonly #key: Uint8Array;
  readonly #opened: OpenedSecrets | undefined;
  #isWiped = false;

  /** Takes the 32 octets over. */
  constructor(key: Uint8Array, opened?: OpenedSecrets) {
    if (key.length !== SESSION_KEY) throw new RemotingError('crypto', 'a key of another length');
    this.#key = key;
    this.#opened = opened;
  }

  /** A server's; what it opens goes to `opened` too. */
  static random(random: RandomSource, opened?: OpenedSecrets): SessionKey {
    return new SessionKey(random(SESSION_KEY).slice(), opened);
  }

  /** A client's: opens ENCRYPTED_SESSION_KEY. Throws RemotingError `crypto`. */
  static open(blob: string, { privateKey }: ExchangeKey): SessionKey {
    const bytes = decodeBlob(blob, SESSION_HEADER);
    if (bytes.length !== MODULUS) throw malformed();
    try {
      const padding = constants.RSA_PKCS1_PADDING;
      return new SessionKey(privateDecrypt({ key: privateKey, padding }, bytes.reverse()));
    } catch (cause) {
      if (cause instanceof RemotingError) throw cause;
      throw malformed();
    }
  }

  /** A server's: SIMPLEBLOB for the client of that PUBLICKEYBLOB. Throws RemotingError `crypto`. */
  sealFor(publicBlob: string): string {
    this.#check();
    const bytes = decodeBlob(publicBlob, PUBLIC_HEADER);
    if (bytes.length !== 4 + MODULUS) throw malformed();
    const exponent = bytes.subarray(0, 4).reverse();
    const modulus = bytes.subarray(4).reverse();
    // Small or even values are no RSA key, and a modulus of fewer bits is weaker than asked for.
    if (((modulus[0] ?? 0) & 0x80) === 0 || ((modulus.at(-1) ?? 0) & 1) === 0) throw malformed();
    try {
      const n = modulus.toString('base64url');
      const e = exponent.toString('base64url');
      const key = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
      const padding = constants.RSA_PKCS1_PADDING;
      const sealed = publicEncrypt({ key, padding }, this.#key).reverse();
      return Buffer.from(concat(SESSION_HEADER, sealed)).toString('base64');
    } catch {
      throw malformed();
    }
  }

  seal(utf16: Uint8Array): string {
    this.#check();
    return toBase64(sealCbc(this.#key, utf16));
  }

  open(text: string): Uint8Array {
    this.#check();
    const opened = openCbc(this.#key, Buffer.from(text, 'base64'));
    if (opened === undefined) {
      throw new RemotingError('crypto', 'a SecureString is not of this session key');
    }
    this.#opened?.add(opened);
    return opened;
  }

  wipe(): void {
    this.#key.fill(0);
    this.#isWiped = true;
  }

  #check(): void {
    if (this.#isWiped) throw new RemotingError('crypto', 'the session key is wiped');
  }
}

/**
 * Secrets that came to a session, under whatever key: they are overwritten when it ends, as far as
 * anybody still has them.
 */
export class OpenedSecrets {
  #secrets: WeakRef<Uint8Array>[] = [];
  #room = OPENED_ROOM;

  add(secret: Uint8Array): void {
    if (this.#secrets.length >= this.#room) {
      this.#secrets = this.#secrets.filter((one) => one.deref() !== undefined);
      this.#room = Math.max(OPENED_ROOM, this.#secrets.length * 2);
    }
    this.#secrets.push(new WeakRef(secret));
  }

  wipe(): void {
    for (const one of this.#secrets.splice(0)) one.deref()?.fill(0);
  }
}

/** Secrets after which those that nobody has any more are looked for. */
const OPENED_ROOM = 64;

function decodeBlob(blob: string, header: Uint8Array): Buffer {
  const bytes = Buffer.from(blob, 'base64');
  if (!bytes.subarray(0, header.length).equals(header)) throw malformed();
  return bytes.subarray(header.length);
}

function malformed(): RemotingError {
  return new RemotingError('crypto', 'the exchange of keys failed');
}
