import { LdapError } from '../errors.ts';
import type { ResultValue } from '../messages/common.ts';
import {
  type LdapMessage,
  type Operation,
  encodeMessage,
  encodeSicilyResponse,
} from '../messages/message.ts';
import { EXTENDED } from '../oids.ts';
import { RESULT_CODES, type ResultCode, isResultCode } from '../result-codes.ts';
import type { BindOutcome } from './bind.ts';
import type { ExtendedResult, LdapResult } from './handler.ts';

/** success (0) with nothing to add (RFC 4511 appendix A.1). */
export const SUCCESS: LdapResult = { code: 'success' };

/** Operations that are answered, and by what. */
const ANSWERS = {
  bindRequest: 'bindResponse',
  searchRequest: 'searchDone',
  modifyRequest: 'modifyResponse',
  addRequest: 'addResponse',
  deleteRequest: 'deleteResponse',
  modifyDnRequest: 'modifyDnResponse',
  compareRequest: 'compareResponse',
  extendedRequest: 'extendedResponse',
} as const;

/** A request that is answered. */
export type RequestKind = keyof typeof ANSWERS;

/** Identifier octets of the requests that are answered (RFC 4511 §4.2 to §4.12). */
const TAGS: ReadonlyMap<number, RequestKind> = new Map([
  [0x60, 'bindRequest'],
  [0x63, 'searchRequest'],
  [0x66, 'modifyRequest'],
  [0x68, 'addRequest'],
  [0x4a, 'deleteRequest'],
  [0x6c, 'modifyDnRequest'],
  [0x6e, 'compareRequest'],
  [0x77, 'extendedRequest'],
]);

/** The request that starts with an identifier octet, if it is one that is answered. */
export function requestOfTag(tag: number): RequestKind | undefined {
  return TAGS.get(tag);
}

/** Whether a message of this kind asks for an answer (RFC 4511 §4.2 to §4.12). */
export function isRequest(kind: Operation['kind']): kind is RequestKind {
  return Object.hasOwn(ANSWERS, kind);
}

/** The response to a request, encoded. */
export function encodeResult(messageId: number, kind: RequestKind, result: LdapResult): Uint8Array {
  const operation = { kind: ANSWERS[kind], value: resultValue(result) };
  return encodeMessage(withControls({ messageId, operation }, result));
}

/** A bind response, with the mechanism's data (RFC 4511 §4.2.2), or one of Sicily. */
export function encodeBindResult(
  messageId: number,
  { result, saslCredentials, sicily }: BindOutcome,
): Uint8Array {
  if (sicily === true) {
    return encodeSicilyResponse(messageId, {
      resultCode: RESULT_CODES[result.code],
      serverCreds: saslCredentials ?? new Uint8Array(0),
      errorMessage: result.message ?? '',
    });
  }
  const value = { ...resultValue(result), saslCredentials };
  return encodeMessage(
    withControls({ messageId, operation: { kind: 'bindResponse', value } }, result),
  );
}

/** An extended response (RFC 4511 §4.12). */
export function encodeExtendedResult(messageId: number, result: ExtendedResult): Uint8Array {
  const value = { ...resultValue(result), name: result.name, value: result.value };
  return encodeMessage(
    withControls({ messageId, operation: { kind: 'extendedResponse', value } }, result),
  );
}

/** Notice of disconnection: the unsolicited message before the server closes (RFC 4511 §4.4.1). */
export function encodeNotice(code: ResultCode, message: string): Uint8Array {
  return encodeExtendedResult(0, { code, message, name: EXTENDED.noticeOfDisconnection });
}

/**
 * What a client is told of a handler's failure: the code and text of an LdapError with a result
 * code; of anything else only that it happened.
 */
export function failure(error: unknown): { readonly result: LdapResult; readonly bug: boolean } {
  if (error instanceof LdapError && isResultCode(error.code)) {
    const { code, matchedDn, message, referrals } = error;
    const result = { code, matchedDn, message, ...(referrals.length > 0 ? { referrals } : {}) };
    return { result, bug: false };
  }
  return { result: { code: 'other', message: 'internal error' }, bug: true };
}

function resultValue(result: LdapResult): ResultValue {
  return {
    resultCode: RESULT_CODES[result.code],
    matchedDn: result.matchedDn ?? '',
    message: result.message ?? '',
    referrals: result.referrals,
  };
}

function withControls(message: LdapMessage, result: LdapResult): LdapMessage {
  return result.controls === undefined ? message : { ...message, controls: result.controls };
}
