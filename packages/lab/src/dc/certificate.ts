import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  type KeyAndCertificate,
  selfSignedCertificate,
} from '@doublehop/domain-controller/tls/self-signed';
import { readText, replaceFile } from '../folder/files.ts';
import type { LabPaths } from '../folder/paths.ts';
import type { System } from '../process/system.ts';

const DAY = 24 * 3600 * 1000;

/** A certificate is renewed when it has less left than this. */
const MIN_LEFT = 30 * DAY;

/**
 * The certificate of a service: the same at every start, so that trust in it lasts. Clients of
 * CredSSP know RSA alone.
 */
export async function labCertificate(
  { ca, tlsKey }: Pick<LabPaths, 'ca' | 'tlsKey'>,
  names: readonly string[],
  { clock, random }: System,
  keyType: 'ec' | 'rsa' = 'ec',
): Promise<KeyAndCertificate> {
  const cert = await readText(ca);
  const key = await readText(tlsKey);
  if (cert !== undefined && key !== undefined) {
    if (isGood(cert, names, clock()) && isPair(cert, key)) return { cert, key };
  }
  const fresh = selfSignedCertificate({ names, now: clock(), random, keyType });
  await replaceFile(tlsKey, fresh.key);
  await replaceFile(ca, fresh.cert, 0o644);
  return fresh;
}

function isGood(pem: string, names: readonly string[], now: number): boolean {
  const certificate = readCertificate(pem);
  if (certificate === undefined || Date.parse(certificate.validTo) - now < MIN_LEFT) return false;
  return names.every(
    (name) => (certificate.checkHost(name) ?? certificate.checkIP(name)) !== undefined,
  );
}

/** Whether a key and a certificate belong together: two processes may have written them at once. */
function isPair(pem: string, key: string): boolean {
  try {
    return readCertificate(pem)?.checkPrivateKey(createPrivateKey(key)) === true;
  } catch {
    return false;
  }
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
