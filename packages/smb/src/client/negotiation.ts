import type { RandomSource } from '@doublehop/crypto/random';
import { decodeGuid, type Guid } from '@doublehop/security/guid';
import { DIALECT_NUMBERS, type DialectName } from '../dialects.ts';
import { SmbError, statusError } from '../errors.ts';
import { Capability, Command, Fsctl, RELATED_ID, SecurityMode } from '../messages/constants.ts';
import {
  Cipher,
  decodeNegotiateResponse,
  encodeNegotiateRequest,
  HASH_SHA512,
  type NegotiateContext,
  type NegotiateRequest,
  type NegotiateResponse,
  SigningAlgorithm,
} from '../messages/negotiate.ts';
import { decodeIoctlResponse, encodeIoctlRequest } from '../messages/query.ts';
import {
  decodeValidateResponse,
  encodeValidateRequest,
  VALIDATE_RESPONSE_SIZE,
} from '../messages/validate-negotiate.ts';
import { NtStatus } from '../nt-status.ts';
import { preauthNext, PREAUTH_START } from '../security/preauth.ts';
import { CLIENT_SECURITY_MODE, type Exchange } from './exchange.ts';

/** What the two sides agreed on. */
export interface Agreement {
  readonly request: NegotiateRequest;
  readonly response: NegotiateResponse;
  readonly dialect: DialectName;
  /** Undefined where nothing can be encrypted. */
  readonly cipher: number | undefined;
  /** Undefined where the dialect has one algorithm only. */
  readonly signing: number | undefined;
  readonly preauthHash: Uint8Array;
}

const CIPHERS: readonly number[] = [
  Cipher.aes128Gcm,
  Cipher.aes256Gcm,
  Cipher.aes128Ccm,
  Cipher.aes256Ccm,
];
const SIGNING: readonly number[] = [SigningAlgorithm.aesGmac, SigningAlgorithm.aesCmac];
const SALT_SIZE = 32;
const CAPABILITIES = Capability.largeMtu | Capability.encryption;

/**
 * Agrees on dialect and algorithms (MS-SMB2 3.2.4.2.2.2, 3.2.5.2). Throws SmbError `unsupported`
 * where the server wants what was not offered.
 */
export async function negotiate(
  exchange: Exchange,
  host: string,
  { dialects, random }: { dialects: readonly DialectName[]; random: RandomSource },
): Promise<Agreement> {
  const has311 = dialects.includes('3.1.1');
  const has3 = has311 || dialects.includes('3.0.2');
  const request: NegotiateRequest = {
    securityMode: CLIENT_SECURITY_MODE,
    capabilities: has3 ? CAPABILITIES : Capability.largeMtu,
    clientGuid: decodeGuid(random(16)),
    dialects: dialects.map((name) => DIALECT_NUMBERS[name]).toSorted((a, b) => a - b),
    contexts: has311 ? contextsFor(host, random) : [],
  };
  const body = encodeNegotiateRequest(request);
  const { header, bytes, sent } = await exchange.request({ command: Command.negotiate, body });
  if (header.status === NtStatus.NOT_SUPPORTED) {
    throw new SmbError('unsupported', `the server speaks none of ${dialects.join(', ')}`);
  }
  if (header.status !== NtStatus.SUCCESS) throw statusError(header.status, 'negotiate');
  const response = decodeNegotiateResponse(bytes);
  const dialect = dialects.find((name) => DIALECT_NUMBERS[name] === response.dialect);
  if (dialect === undefined) {
    throw new SmbError('unsupported', `the server chose dialect ${response.dialect.toString(16)}`);
  }
  const preauthHash = preauthNext(preauthNext(PREAUTH_START, sent), bytes);
  return { request, response, dialect, preauthHash, ...algorithms(dialect, response) };
}

function contextsFor(host: string, random: RandomSource): NegotiateContext[] {
  return [
    { kind: 'preauth', hashes: [HASH_SHA512], salt: random(SALT_SIZE) },
    { kind: 'encryption', ciphers: CIPHERS },
    { kind: 'netname', name: host },
    { kind: 'signing', algorithms: SIGNING },
  ];
}

function algorithms(
  dialect: DialectName,
  { contexts, capabilities }: NegotiateResponse,
): Pick<Agreement, 'cipher' | 'signing'> {
  if (dialect === '2.1') return { cipher: undefined, signing: undefined };
  if (dialect === '3.0.2') {
    const encrypts = (capabilities & Capability.encryption) !== 0;
    return { cipher: encrypts ? Cipher.aes128Ccm : undefined, signing: undefined };
  }
  let preauth = false;
  let cipher: number | undefined;
  let signing: number | undefined;
  for (const context of contexts) {
    if (context.kind === 'preauth') preauth = context.hashes[0] === HASH_SHA512;
    if (context.kind === 'encryption') cipher = chosen('cipher', context.ciphers, CIPHERS);
    if (context.kind === 'signing') signing = chosen('signing', context.algorithms, SIGNING);
  }
  if (!preauth) throw new SmbError('unsupported', 'the server hashes with something unknown');
  return { cipher, signing };
}

/** The one that the server chose; zero of the ciphers means that there is none in common. */
function chosen(
  what: string,
  list: readonly number[],
  offered: readonly number[],
): number | undefined {
  const [value] = list;
  if (list.length !== 1 || value === undefined) {
    throw new SmbError('malformed', `the server chose ${list.length} algorithms (${what})`);
  }
  if (what === 'cipher' && value === 0) return undefined;
  if (offered.includes(value)) return value;
  throw new SmbError('unsupported', `the server chose an algorithm that was not offered (${what})`);
}

/**
 * Asks again, in a signed message, what was negotiated in the clear (MS-SMB2 3.2.5.5): a peer in
 * between may have changed it. Throws SmbError `integrity`. In 3.1.1 the keys depend on it anyway.
 */
export async function validateNegotiation(
  exchange: Exchange,
  { treeId, seal }: { readonly treeId: number; readonly seal: boolean },
  { request, response, dialect }: Agreement,
): Promise<void> {
  if (dialect === '3.1.1') return;
  const { capabilities, clientGuid: guid, securityMode, dialects } = request;
  const body = encodeIoctlRequest({
    code: Fsctl.validateNegotiateInfo,
    fileId: { persistent: RELATED_ID, volatile: RELATED_ID },
    input: encodeValidateRequest({ capabilities, guid, securityMode, dialects }),
    maxOutput: VALIDATE_RESPONSE_SIZE,
    isFsctl: true,
  });
  const { header, bytes } = await exchange.request({
    command: Command.ioctl,
    body,
    treeId,
    seal,
  });
  // A server of the older dialects does not know the question; it signed that it does not.
  if (OLD_SERVER.has(header.status) && dialect === '2.1') return;
  if (header.status !== NtStatus.SUCCESS) throw statusError(header.status, 'validate negotiate');
  const info = decodeValidateResponse(decodeIoctlResponse(bytes).output);
  const same =
    info.capabilities === response.capabilities &&
    sameGuid(info.guid, response.serverGuid) &&
    info.securityMode === response.securityMode &&
    info.dialect === response.dialect;
  if (!same) throw new SmbError('integrity', 'the negotiation was changed on its way');
}

const OLD_SERVER: ReadonlySet<number> = new Set([
  NtStatus.FILE_CLOSED,
  NtStatus.INVALID_DEVICE_REQUEST,
  NtStatus.NOT_SUPPORTED,
]);

function sameGuid(a: Guid, b: Guid): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether the server can sign: whoever cannot is not spoken to. */
export function canSign({ response }: Agreement): boolean {
  return (response.securityMode & SecurityMode.signingEnabled) !== 0;
}
