import { timingSafeEqual } from 'node:crypto';
import { Aead, gmac } from '@doublehop/crypto/aead';
import { AesCmac } from '@doublehop/crypto/aes-cmac';
import { Hmac } from '@doublehop/crypto/hmac';
import { Command, HeaderFlag } from '../messages/constants.ts';
import { SIGNATURE_OFFSET, SIGNATURE_SIZE } from '../messages/header.ts';
import { SigningAlgorithm } from '../messages/negotiate.ts';

/** Signs messages with a session's key, and verifies them. */
export interface Signer {
  /** Sets the flag and the signature of a message of our own, in place (MS-SMB2 3.1.4.1). */
  sign(message: Uint8Array): void;
  /** Whether a message has the peer's signature (MS-SMB2 3.1.5.1). */
  verify(message: Uint8Array): boolean;
}

/** Computes 16 octets over a message whose signature is zero. */
type Mac = (message: Uint8Array) => Uint8Array;

/** A signer of an algorithm that was negotiated. */
export function createSigner(algorithm: number, key: Uint8Array): Signer {
  const mac = macOf(algorithm, key);
  return {
    sign(message) {
      const view = new DataView(message.buffer, message.byteOffset, message.length);
      view.setUint32(16, view.getUint32(16, true) | HeaderFlag.signed, true);
      const signature = signatureOf(message);
      signature.fill(0);
      signature.set(mac(message));
    },
    verify(message) {
      const copy = Uint8Array.from(message);
      signatureOf(copy).fill(0);
      return timingSafeEqual(mac(copy), signatureOf(message));
    },
  };
}

function signatureOf(message: Uint8Array): Uint8Array {
  return message.subarray(SIGNATURE_OFFSET, SIGNATURE_OFFSET + SIGNATURE_SIZE);
}

function macOf(algorithm: number, key: Uint8Array): Mac {
  if (algorithm === SigningAlgorithm.aesGmac) {
    const aead = new Aead('aes-128-gcm', key);
    return (message) => gmac(aead, gmacNonce(message), message);
  }
  if (algorithm === SigningAlgorithm.aesCmac) {
    const cmac = new AesCmac(key);
    return (message) => cmac.digest(message);
  }
  const hmac = new Hmac('sha256', key);
  return (message) => hmac.digest(message, SIGNATURE_SIZE);
}

/** Message number, sender and kind: never the same twice with one key (MS-SMB2 3.1.4.1). */
function gmacNonce(message: Uint8Array): Uint8Array {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const nonce = new Uint8Array(12);
  nonce.set(message.subarray(24, 32));
  const fromServer = view.getUint32(16, true) & HeaderFlag.response;
  const cancel = view.getUint16(12, true) === Command.cancel ? 2 : 0;
  nonce[8] = fromServer | cancel;
  return nonce;
}
