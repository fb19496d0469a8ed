import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { decodeNegotiationToken } from '@doublehop/kerberos/spnego/messages';
import { decodeGuid } from '@doublehop/security/guid';
import { describe, expect, test } from 'vitest';
import { SmbError } from '../src/errors.ts';
import { Dialect } from '../src/messages/constants.ts';
import { encodeMessage, HEADER_SIZE } from '../src/messages/header.ts';
import {
  decodeNegotiateResponse,
  encodeNegotiateRequest,
  type NegotiateContext,
  type NegotiateResponse,
} from '../src/messages/negotiate.ts';
import { NtStatus } from '../src/nt-status.ts';
import { negotiate, negotiateFromSmb1 } from '../src/server/negotiate.ts';
import { serverSettings } from '../src/server/server.ts';
import { ConnectionState } from '../src/server/state.ts';
import { NOW, random } from './support/host.ts';

const GUID = decodeGuid(new Uint8Array(16).fill(3));
const PREAUTH = { kind: 'preauth', hashes: [1], salt: new Uint8Array(32) } as const;
const HEADER = {
  creditCharge: 0,
  status: 0,
  command: 0,
  credits: 1,
  flags: 0,
  messageId: 0n,
  treeId: 0,
  asyncId: undefined,
  sessionId: 0n,
};

function newState(): ConnectionState {
  const settings = serverSettings({
    keys: () => undefined,
    replayCache: memoryReplayCache(),
    clock: () => NOW,
    random,
    authorize: () => {
      throw new Error('nobody comes so far');
    },
    shares: [],
  });
  return new ConnectionState(1, '', settings, GUID);
}

function answer(
  dialects: readonly number[],
  contexts: readonly NegotiateContext[] = [],
  capabilities = 0x7f,
): { readonly state: ConnectionState; readonly response: NegotiateResponse } {
  const state = newState();
  const facts = { securityMode: 1, capabilities, clientGuid: GUID, dialects, contexts };
  const body = negotiate(state, encodeMessage(HEADER, encodeNegotiateRequest(facts)));
  return { state, response: decodeNegotiateResponse(encodeMessage(HEADER, body)) };
}

const refusal = (...contexts: readonly NegotiateContext[]): unknown => {
  try {
    return answer([Dialect.smb311], contexts);
  } catch (error) {
    return error instanceof SmbError ? error.status : error;
  }
};

describe('MS-SMB2 3.3.5.4: NEGOTIATE', () => {
  test('the highest dialect in common, signing required, Kerberos offered', () => {
    const { response } = answer([0x0202, 0x0210, 0x0300, 0x0302]);
    expect(response).toMatchObject({ dialect: 0x0302, securityMode: 3, capabilities: 0x44 });
    expect(response.maxRead).toBe(1_048_576);
    const token = decodeNegotiationToken(response.token);
    const oids = token.kind === 'init' ? token.value.mechTypes.value : [];
    expect(oids).toEqual(['1.2.840.113554.1.2.2', '1.2.840.48018.1.2.2']);
  });

  test('encryption in 3.0.2 for who can; in 3.1.1 by context alone', () => {
    expect(answer([0x0302], [], 0x4).response.capabilities).toBe(0x4);
    expect(answer([0x0302], [], 0x4).state.negotiated?.cipher).toBeUndefined();
    expect(answer([0x0210]).response.capabilities).toBe(0x4);
    expect(answer([0x0311], [PREAUTH]).response.capabilities).toBe(0x4);
  });

  test('the algorithms of 3.1.1: ours that the client has', () => {
    const { state, response } = answer(
      [0x0210, 0x0311],
      [
        PREAUTH,
        { kind: 'encryption', ciphers: [4, 1] },
        { kind: 'signing', algorithms: [0, 1] },
        { kind: 'compression', flags: 0, algorithms: [1] },
        { kind: 'unknown', type: 0x1234, data: new Uint8Array(3) },
      ],
    );
    expect(response.contexts.map(({ kind }) => kind)).toEqual(['preauth', 'encryption', 'signing']);
    expect(state.negotiated).toMatchObject({ dialect: 0x0311, cipher: 1, signing: 1 });
    const none = answer([0x0311], [PREAUTH, { kind: 'encryption', ciphers: [9] }]);
    expect(none.response.contexts[1]).toEqual({ kind: 'encryption', ciphers: [0] });
    expect(none.state.negotiated?.cipher).toBeUndefined();
    const salts = [answer([0x0311], [PREAUTH]), answer([0x0311], [PREAUTH])].map(
      (one) => one.response.contexts[0],
    );
    expect(salts[0]).not.toEqual(salts[1]);
  });

  test('what is refused', () => {
    expect(() => answer([0x0202, 0x0300])).toThrow('STATUS_NOT_SUPPORTED');
    expect(refusal()).toBe(NtStatus.INVALID_PARAMETER);
    expect(refusal(PREAUTH, PREAUTH)).toBe(NtStatus.INVALID_PARAMETER);
    const overlap = NtStatus.SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP;
    expect(refusal({ ...PREAUTH, hashes: [2] })).toBe(overlap);
  });
});

describe('MS-SMB2 3.3.5.3.1: the negotiation of SMB 1', () => {
  const offer = (...dialects: readonly string[]): Uint8Array => {
    const text = Buffer.from(dialects.map((name) => `\x02${name}\0`).join(''), 'latin1');
    const message = new Uint8Array(35 + text.length);
    message.set([0xff, 0x53, 0x4d, 0x42, 0x72]);
    message[33] = text.length;
    message.set(text, 35);
    return message;
  };

  test('any SMB 2 is asked to negotiate anew; none is none', () => {
    const body = negotiateFromSmb1(newState(), offer('NT LM 0.12', 'SMB 2.???'));
    expect(body.length + HEADER_SIZE).toBeGreaterThan(128);
    const response = decodeNegotiateResponse(encodeMessage(HEADER, body));
    expect(response).toMatchObject({ dialect: 0x02ff, contexts: [] });
    for (const message of [offer('NT LM 0.12'), offer('SMB 2.002'), offer()]) {
      expect(() => negotiateFromSmb1(newState(), message)).toThrow(SmbError);
    }
  });
});
