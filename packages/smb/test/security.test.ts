import { Aead } from '@doublehop/crypto/aead';
import { fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import { describe, expect, test } from 'vitest';
import { SmbError } from '../src/errors.ts';
import { Command, Dialect } from '../src/messages/constants.ts';
import { decodeTransform, encodeMessage } from '../src/messages/header.ts';
import { Cipher, SigningAlgorithm } from '../src/messages/negotiate.ts';
import { deriveKey, sessionKeys } from '../src/security/keys.ts';
import { preauthNext, PREAUTH_START } from '../src/security/preauth.ts';
import { createSigner } from '../src/security/signing.ts';
import { Opener, Sealer } from '../src/security/transform.ts';
import { CCM, SMB30, SMB311 } from './support/vectors.ts';

const NONE = new Uint8Array(64);

describe('MS-SMB2 3.1.4.4.1: preauthentication integrity', () => {
  test("Microsoft's negotiation and the session after it", () => {
    const first = preauthNext(PREAUTH_START, SMB311.negotiateRequest);
    expect(first).toEqual(SMB311.afterRequest);
    const second = preauthNext(first, SMB311.negotiateResponse);
    expect(second).toEqual(SMB311.afterResponse);
    expect(preauthNext(second, SMB311.setupRequest)).toEqual(SMB311.afterSetup);
  });
});

describe('MS-SMB2 3.1.4.2: keys', () => {
  test("dialect 3.1.1, Microsoft's keys", () => {
    const derive = (label: string): string =>
      toHex(deriveKey(SMB311.sessionKey, label, SMB311.hash, 16));
    expect(derive('SMBSigningKey\0')).toBe(SMB311.signingKey);
    expect(derive('SMBC2SCipherKey\0')).toBe(SMB311.encryptionKey);
    expect(derive('SMBS2CCipherKey\0')).toBe(SMB311.decryptionKey);
  });

  test("dialect 3.0, Microsoft's keys", () => {
    const derive = (label: string, context: string): string =>
      toHex(deriveKey(SMB30.sessionKey, label, utf8(context), 16));
    expect(derive('SMB2AESCMAC\0', 'SmbSign\0')).toBe(SMB30.signingKey);
    expect(derive('SMB2AESCCM\0', 'ServerIn \0')).toBe(SMB30.encryptionKey);
    expect(derive('SMB2AESCCM\0', 'ServerOut\0')).toBe(SMB30.decryptionKey);
  });
});

describe('MS-SMB2 3.1.4.1: signatures', () => {
  test("AES-CMAC: Microsoft's end of an authentication", () => {
    const terms = { dialect: Dialect.smb311, cipher: 2, signing: undefined };
    const keys = sessionKeys('client', SMB311.sessionKey, { ...terms, preauthHash: SMB311.hash });
    expect(keys.signer.verify(SMB311.setupResponse)).toBe(true);
    const unsigned = Uint8Array.from(SMB311.setupResponse);
    unsigned.fill(0, 48, 64);
    keys.signer.sign(unsigned);
    expect(unsigned).toEqual(SMB311.setupResponse);
    unsigned[70] = 1;
    expect(keys.signer.verify(unsigned)).toBe(false);
  });

  const header = {
    creditCharge: 1,
    status: 0,
    command: Command.echo as number,
    credits: 1,
    flags: 0,
    messageId: 7n,
    treeId: 0,
    asyncId: undefined,
    sessionId: 9n,
  };

  test('AES-GMAC: the nonce has message number, side and CANCEL in it', () => {
    const signer = createSigner(SigningAlgorithm.aesGmac, new Uint8Array(16).fill(3));
    const signatures = [
      header,
      { ...header, messageId: 8n },
      { ...header, flags: 1 },
      { ...header, command: Command.cancel },
    ].map((one) => {
      const message = encodeMessage(one, new Uint8Array(4));
      signer.sign(message);
      expect(signer.verify(message)).toBe(true);
      const nonce = new Uint8Array(12);
      new DataView(nonce.buffer).setBigUint64(0, one.messageId, true);
      nonce[8] = (one.flags & 1) | (one.command === Command.cancel ? 2 : 0);
      const signature = message.slice(48, 64);
      message.fill(0, 48, 64);
      const aead = new Aead('aes-128-gcm', new Uint8Array(16).fill(3));
      const { tag } = aead.seal(nonce, message, new Uint8Array(0));
      expect(signature).toEqual(tag);
      return toHex(signature);
    });
    expect(new Set(signatures).size).toBe(4);
  });

  test('HMAC-SHA256 in 2.1: the first 16 octets, with the padded session key', () => {
    const terms = { dialect: Dialect.smb210, cipher: undefined, signing: undefined };
    const keys = sessionKeys('server', fromHex('0102030405'), { ...terms, preauthHash: NONE });
    const padded = new Uint8Array(16);
    padded.set([1, 2, 3, 4, 5]);
    const message = encodeMessage(header, new Uint8Array(4));
    keys.signer.sign(message);
    expect(createSigner(SigningAlgorithm.hmacSha256, padded).verify(message)).toBe(true);
    expect([keys.sealer, keys.opener]).toEqual([undefined, undefined]);
  });
});

describe('MS-SMB2 3.1.4.3: encryption', () => {
  const terms = { dialect: Dialect.smb300, cipher: Cipher.aes128Ccm, signing: undefined };
  const keys = (side: 'client' | 'server') =>
    sessionKeys(side, CCM.sessionKey, { ...terms, preauthHash: NONE });

  test("AES-128-CCM: Microsoft's WRITE and its answer", () => {
    expect(keys('server').opener?.open(CCM.sealedWrite)).toEqual(CCM.write);
    expect(keys('client').opener?.open(CCM.sealedWritten)).toEqual(CCM.written);
    expect(decodeTransform(CCM.sealedWrite)).toMatchObject({
      sessionId: CCM.sessionId,
      originalSize: CCM.write.length,
    });
  });

  test.each([
    ['aes128Ccm', 16],
    ['aes128Gcm', 16],
    ['aes256Ccm', 32],
    ['aes256Gcm', 32],
  ] as const)('%s there and back, no nonce twice, nothing changed', (cipher, size) => {
    const gssKey = new Uint8Array(32).fill(5);
    const agreed = { ...terms, dialect: Dialect.smb311, cipher: Cipher[cipher], preauthHash: NONE };
    const client = sessionKeys('client', gssKey, agreed);
    const server = sessionKeys('server', gssKey, agreed);
    const first = client.sealer?.seal(7n, CCM.write) ?? new Uint8Array(0);
    const second = client.sealer?.seal(7n, CCM.write) ?? new Uint8Array(0);
    expect(first.subarray(20, 36)).not.toEqual(second.subarray(20, 36));
    expect(server.opener?.open(first)).toEqual(CCM.write);
    // Ciphers of 256 bits begin with the whole key, others with 16 octets of it.
    const label = 'SMBC2SCipherKey\0';
    const key = deriveKey(gssKey.subarray(0, size), label, NONE, size);
    const aead = new Aead(
      `aes-${size === 16 ? '128' : '256'}-${cipher.endsWith('Gcm') ? 'gcm' : 'ccm'}`,
      key,
    );
    expect(new Opener(aead).open(second)).toEqual(CCM.write);
    for (const at of [4, 20, 44, 52]) {
      const changed = Uint8Array.from(first);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => server.opener?.open(changed), `octet ${at}`).toThrow(SmbError);
    }
    expect(() => server.opener?.open(first.subarray(0, -1))).toThrow(SmbError);
    expect(() => new Sealer(aead).seal(1n, new Uint8Array(0))).not.toThrow();
  });
});
