import { Mechanism } from '@doublehop/kerberos/gss/oids';
import { encodeInit, MechTypeList } from '@doublehop/kerberos/spnego/messages';
import { fileTimeOf } from '@doublehop/security/filetime';
import { span } from '@doublehop/wire/der';
import { DIALECT_NUMBERS } from '../dialects.ts';
import { SmbError, statusError } from '../errors.ts';
import { MAX_TRANSFER } from '../limits.ts';
import { Capability, Dialect, SecurityMode } from '../messages/constants.ts';
import {
  Cipher,
  decodeMultiProtocol,
  decodeNegotiateRequest,
  encodeNegotiateResponse,
  HASH_SHA512,
  type NegotiateContext,
  type NegotiateRequest,
  SigningAlgorithm,
} from '../messages/negotiate.ts';
import { NtStatus } from '../nt-status.ts';
import type { ConnectionState, Negotiated } from './state.ts';

/** Ciphers in the order of Windows Server 2022 (MS-SMB2 3.3.5.4). */
const CIPHERS: readonly number[] = [
  Cipher.aes128Gcm,
  Cipher.aes128Ccm,
  Cipher.aes256Gcm,
  Cipher.aes256Ccm,
];
const SIGNING: readonly number[] = [SigningAlgorithm.aesGmac, SigningAlgorithm.aesCmac];
const SALT_SIZE = 32;
const SIGNING_MODE = SecurityMode.signingEnabled | SecurityMode.signingRequired;

/** NEGOTIATE (MS-SMB2 3.3.5.4): the body of the answer. Throws SmbError `status`. */
export function negotiate(state: ConnectionState, message: Uint8Array): Uint8Array {
  const request = decodeNegotiateRequest(message);
  const dialect = preferred(state, request.dialects);
  if (dialect === undefined) throw statusError(NtStatus.NOT_SUPPORTED, 'no dialect in common');
  const chosen =
    dialect === Dialect.smb311
      ? contextsFor(state, request)
      : { cipher: oldCipher(dialect, request), signing: undefined, contexts: [] };
  const { cipher, signing, contexts } = chosen;
  const seals = cipher !== undefined && dialect !== Dialect.smb311;
  const capabilities = Capability.largeMtu | (seals ? Capability.encryption : 0);
  const { serverGuid } = state;
  const securityMode = SIGNING_MODE;
  const negotiated = { dialect, cipher, signing, request, capabilities, securityMode, serverGuid };
  state.negotiated = negotiated;
  return answer(state, negotiated, contexts);
}

/**
 * The negotiation of SMB 1 (MS-SMB2 3.3.5.3.1): a client that also speaks SMB 2 is told to
 * negotiate anew. Throws SmbError `unsupported` for one that does not.
 */
export function negotiateFromSmb1(state: ConnectionState, frame: Uint8Array): Uint8Array {
  if (!decodeMultiProtocol(frame).any) {
    throw new SmbError('unsupported', 'the client speaks no SMB that is spoken here');
  }
  const { serverGuid } = state;
  const securityMode = SIGNING_MODE;
  const dialect = Dialect.wildcard;
  const facts = { dialect, capabilities: Capability.largeMtu, securityMode, serverGuid };
  return answer(state, facts, []);
}

function preferred({ settings }: ConnectionState, offered: readonly number[]): number | undefined {
  const ours = settings.dialects.map((name) => DIALECT_NUMBERS[name]).toSorted((a, b) => b - a);
  return ours.find((dialect) => offered.includes(dialect));
}

function oldCipher(dialect: number, { capabilities }: NegotiateRequest): number | undefined {
  const able = dialect !== Dialect.smb210 && (capabilities & Capability.encryption) !== 0;
  return able ? Cipher.aes128Ccm : undefined;
}

/** What 3.1.1 agrees on in contexts (MS-SMB2 3.3.5.4). */
function contextsFor(
  { settings }: ConnectionState,
  { contexts }: NegotiateRequest,
): Pick<Negotiated, 'cipher' | 'signing'> & { readonly contexts: readonly NegotiateContext[] } {
  const answers: NegotiateContext[] = [];
  let cipher: number | undefined;
  let signing: number | undefined;
  const seen = new Set<string>();
  for (const context of contexts) {
    if (context.kind !== 'unknown' && seen.has(context.kind)) {
      throw statusError(NtStatus.INVALID_PARAMETER, 'a context comes twice');
    }
    seen.add(context.kind);
    if (context.kind === 'preauth') {
      if (!context.hashes.includes(HASH_SHA512)) {
        throw statusError(NtStatus.SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP, 'no hash in common');
      }
      const salt = settings.random(SALT_SIZE);
      answers.push({ kind: 'preauth', hashes: [HASH_SHA512], salt });
    } else if (context.kind === 'encryption') {
      cipher = CIPHERS.find((one) => context.ciphers.includes(one));
      answers.push({ kind: 'encryption', ciphers: [cipher ?? 0] });
    } else if (context.kind === 'signing') {
      signing = SIGNING.find((one) => context.algorithms.includes(one));
      if (signing !== undefined) answers.push({ kind: 'signing', algorithms: [signing] });
    }
  }
  if (!seen.has('preauth')) throw statusError(NtStatus.INVALID_PARAMETER, 'no preauth context');
  return { cipher, signing, contexts: answers };
}

function answer(
  { settings }: ConnectionState,
  facts: Pick<Negotiated, 'dialect' | 'capabilities' | 'securityMode' | 'serverGuid'>,
  contexts: readonly NegotiateContext[],
): Uint8Array {
  const mechTypes = span(MechTypeList, [Mechanism.KRB5, Mechanism.MS_KRB5]);
  return encodeNegotiateResponse({
    ...facts,
    maxTransact: MAX_TRANSFER,
    maxRead: MAX_TRANSFER,
    maxWrite: MAX_TRANSFER,
    systemTime: fileTimeOf(settings.clock()),
    startTime: 0n,
    token: encodeInit({ mechTypes }),
    contexts,
  });
}
