import { fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import { encodeDer, span } from '@doublehop/wire/der';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KerberosError } from '../src/errors.ts';
import { type AcceptedContext, type AcceptorOptions, krb5Acceptor } from '../src/gss/acceptor.ts';
import { GssFlag } from '../src/gss/flags.ts';
import { frame, unframeKrb5 } from '../src/gss/framing.ts';
import { type InitiatorOptions, krb5Initiator } from '../src/gss/initiator.ts';
import type { Negotiation } from '../src/gss/negotiation.ts';
import { Mechanism } from '../src/gss/oids.ts';
import { spnegoAcceptor } from '../src/spnego/acceptor.ts';
import { spnegoInitiator } from '../src/spnego/initiator.ts';
import {
  decodeNegotiationToken,
  encodeInit,
  encodeResp,
  MechTypeList,
  NegState,
  type NegTokenInit,
  type NegTokenResp,
} from '../src/spnego/messages.ts';
import {
  acceptorOptions,
  ALICE,
  converse,
  expectErrorCode,
  expectGssError,
  initiatorOptions,
  NOW,
} from './gss-support.ts';
import { EAP_CLIENT, NEG_HINTS, NTLM_CLIENT } from './vectors/spnego.ts';

const UNKNOWN = '1.3.6.1.4.1.99999.1';
const ONE_WAY = GssFlag.REPLAY | GssFlag.SEQUENCE | GssFlag.INTEG;

function initiator(
  offer: readonly string[] = [Mechanism.KRB5],
  options: Partial<InitiatorOptions> = {},
): Negotiation {
  return spnegoInitiator(() => krb5Initiator(initiatorOptions(options)), { offer });
}

function acceptor(options: Partial<AcceptorOptions> = {}): Negotiation<AcceptedContext> {
  return spnegoAcceptor(() => krb5Acceptor(acceptorOptions(options)));
}

function krb5Token(options: Partial<InitiatorOptions> = {}): Uint8Array {
  return tokenOf(krb5Initiator(initiatorOptions(options)).step());
}

function tokenOf({ token }: { readonly token?: Uint8Array | undefined }): Uint8Array {
  if (token === undefined) throw new Error('expected a token');
  return token;
}

function readInit(token: Uint8Array): NegTokenInit {
  const decoded = decodeNegotiationToken(token);
  if (decoded.kind !== 'init') throw new Error('expected a NegTokenInit');
  return decoded.value;
}

function readResp(token: Uint8Array | undefined): NegTokenResp {
  const decoded = decodeNegotiationToken(token ?? new Uint8Array(0));
  if (decoded.kind !== 'resp') throw new Error('expected a NegTokenResp');
  return decoded.value;
}

describe('RFC 4178 §4.2: tokens', () => {
  test('a NegTokenInit of MIT krb5', () => {
    const { mechTypes, mechToken, mechListMic } = readInit(fromHex(EAP_CLIENT));
    const eap = '1.3.6.1.5.5.15.1.1';
    expect(mechTypes.value).toEqual([Mechanism.KRB5, `${eap}.17`, `${eap}.18`]);
    expect(mechListMic).toBeUndefined();
    expect(unframeKrb5(mechToken ?? new Uint8Array(0)).id).toBe(0x0100);
    expect(toHex(encodeInit({ mechTypes, mechToken }))).toBe(toHex(fromHex(EAP_CLIENT)));
  });

  test('MS-SPNG 2.2.1: negHints are no MIC', () => {
    const { mechTypes, mechToken, mechListMic } = readInit(fromHex(NEG_HINTS));
    expect(mechTypes.value).toEqual([Mechanism.KRB5]);
    expect([mechToken, mechListMic]).toEqual([undefined, undefined]);
  });

  test('a NegTokenInit with a MIC', () => {
    const mechTypes = span(MechTypeList, [Mechanism.MS_KRB5, Mechanism.NTLM]);
    const token = encodeInit({ mechTypes, mechToken: utf8('t'), mechListMic: utf8('m') });
    const bytes = fromHex(`6031 06062b0601050502 a027 3025
      a0193017 06092a864882f712010202 060a2b06010401823702020a a203040174 a30304016d`);
    expect(toHex(token)).toBe(toHex(bytes));
    expect(readInit(token)).toEqual({ mechTypes, mechToken: utf8('t'), mechListMic: utf8('m') });
  });

  test('a NegTokenResp, whole and empty', () => {
    const whole: NegTokenResp = {
      negState: NegState.ACCEPT_COMPLETED,
      supportedMech: Mechanism.KRB5,
      responseToken: utf8('t'),
      mechListMic: utf8('m'),
    };
    const bytes = fromHex('a11e301c a0030a0100 a10b06092a864886f712010202 a203040174 a30304016d');
    expect(toHex(encodeResp(whole))).toBe(toHex(bytes));
    expect(readResp(bytes)).toEqual(whole);
    expect(readResp(fromHex('a1023000'))).toEqual({});
  });

  test('random and changed octets give nothing but a KerberosError', () => {
    const seeds = [EAP_CLIENT, NEG_HINTS, NTLM_CLIENT, 'a1073005a0030a0101'].map(fromHex);
    const changed = fc
      .tuple(fc.constantFrom(...seeds), fc.nat(70), fc.nat(255))
      .map(([seed, at, octet]) => Uint8Array.from(seed, (old, i) => (i === at ? octet : old)));
    const cut = fc
      .tuple(fc.constantFrom(...seeds), fc.nat(600))
      .map(([seed, size]) => seed.subarray(0, size));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), changed, cut);
    fc.assert(
      fc.property(bytes, fc.boolean(), (token, begun) => {
        const side = begun ? initiator() : acceptor();
        if (begun) side.step();
        try {
          side.step(token);
        } catch (error) {
          expect(error).toBeInstanceOf(KerberosError);
        }
        expect(side.context).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe('RFC 4178 §4.1: negotiation', () => {
  test('the preferred mechanism goes in two tokens, without MIC', () => {
    const { legs, ...pair } = converse(initiator(), acceptor());
    expect(legs.length).toBe(2);
    expect(readResp(legs[1])).toMatchObject({
      negState: NegState.ACCEPT_COMPLETED,
      supportedMech: Mechanism.KRB5,
      mechListMic: undefined,
    });
    expect(pair.acceptor.peer).toEqual(ALICE);
    const wrapped = pair.initiator.wrap(utf8('hello'), { seal: true });
    expect(pair.acceptor.unwrap(wrapped).message).toEqual(utf8('hello'));
  });

  test('MS-SPNG 3.2.5: the name that Windows prefers is answered by the same', () => {
    const { legs } = converse(initiator([Mechanism.MS_KRB5, Mechanism.KRB5]), acceptor());
    expect(readResp(legs[1]).supportedMech).toBe(Mechanism.MS_KRB5);
    expect(legs.length).toBe(2);
  });

  test('without mutual authentication the acceptor still has the last word', () => {
    const mine = initiator([Mechanism.KRB5], { flags: ONE_WAY });
    const first = tokenOf(mine.step());
    expect(mine.context).toBeUndefined();
    const theirs = acceptor();
    const answer = theirs.step(first);
    expect(answer.established).toBe(true);
    expect(readResp(answer.token).responseToken).toBeUndefined();
    expect(mine.step(answer.token)).toEqual({ established: true });
    expect(mine.context?.flags).toBe(ONE_WAY);
  });

  test('an offer without a first token is accepted so far', () => {
    const mechTypes = span(MechTypeList, [Mechanism.KRB5]);
    const theirs = acceptor();
    const { token } = theirs.step(encodeInit({ mechTypes }));
    expect(readResp(token)).toMatchObject({ negState: NegState.ACCEPT_INCOMPLETE });
    const done = theirs.step(encodeResp({ responseToken: krb5Token() }));
    expect(readResp(done.token).negState).toBe(NegState.ACCEPT_COMPLETED);
    expect(theirs.context?.peer).toEqual(ALICE);
  });

  test('a token of Kerberos without SPNEGO is answered without', () => {
    const mine = krb5Initiator(initiatorOptions());
    const { legs } = converse(mine, acceptor());
    expect(unframeKrb5(legs[1] ?? new Uint8Array(0)).id).toBe(0x0200);
  });

  test('a bare AP-REQ, alone or as the first token, where it is allowed', () => {
    const { message } = unframeKrb5(krb5Token());
    const mechTypes = span(MechTypeList, [Mechanism.MS_KRB5]);
    const offer = encodeInit({ mechTypes, mechToken: message });
    for (const token of [message, offer]) {
      expectGssError('GSS_S_DEFECTIVE_TOKEN', () => acceptor().step(token));
      const lenient = acceptor({ bareRequests: true });
      expect(lenient.step(token).established).toBe(true);
      expect(lenient.context?.peer).toEqual(ALICE);
    }
  });

  test('NTLM and other mechanisms are refused, and named', () => {
    const ntlm = expectGssError('GSS_S_BAD_MECH', () => acceptor().step(fromHex(NTLM_CLIENT)));
    expect(ntlm.message).toContain('NTLM');
    expect(readResp(ntlm.detail.token)).toMatchObject({ negState: NegState.REJECT });
    const bare = utf8('NTLMSSP\0\u0001\0\0\0');
    expect(expectGssError('GSS_S_BAD_MECH', () => acceptor().step(bare)).message).toContain('NTLM');
    const other = frame(UNKNOWN, utf8('?'));
    expectGssError('GSS_S_BAD_MECH', () => acceptor().step(other));
    expect(() => initiator([UNKNOWN])).toThrow(TypeError);
  });

  test("Kerberos's own error travels inside a rejection", () => {
    const mine = initiator([Mechanism.KRB5], { clock: () => NOW + 400_000 });
    const first = tokenOf(mine.step());
    const error = expectErrorCode(37, () => acceptor().step(first));
    const reply = error.detail.token;
    expect(readResp(reply).negState).toBe(NegState.REJECT);
    expectErrorCode(37, () => mine.step(reply));
    const plain = initiator();
    plain.step();
    const reject = encodeResp({ negState: NegState.REJECT });
    expectGssError('GSS_S_FAILURE', () => plain.step(reject));
  });
});

describe('RFC 4178 §5: the list of mechanisms is protected unless the first is taken', () => {
  test('mutual: two round trips more, and a MIC each way', () => {
    const { legs, ...pair } = converse(initiator([UNKNOWN, Mechanism.KRB5]), acceptor());
    expect(legs.map((leg) => decodeNegotiationToken(leg).value)).toMatchObject([
      { mechToken: undefined },
      { negState: NegState.REQUEST_MIC, supportedMech: Mechanism.KRB5, responseToken: undefined },
      { negState: NegState.ACCEPT_INCOMPLETE, mechListMic: undefined },
      { negState: NegState.ACCEPT_INCOMPLETE, mechListMic: expect.anything() },
      { negState: NegState.ACCEPT_COMPLETED, mechListMic: expect.anything() },
    ]);
    const wrapped = pair.acceptor.wrap(utf8('after the MIC'), { seal: true });
    expect(pair.initiator.unwrap(wrapped).message).toEqual(utf8('after the MIC'));
  });

  test('one way: the initiator protects it first', () => {
    const mine = initiator([UNKNOWN, Mechanism.KRB5], { flags: ONE_WAY });
    const { legs } = converse(mine, acceptor());
    expect(legs.map((leg) => decodeNegotiationToken(leg).value)).toMatchObject([
      { mechToken: undefined },
      { negState: NegState.REQUEST_MIC },
      { negState: NegState.ACCEPT_INCOMPLETE, mechListMic: expect.anything() },
      { negState: NegState.ACCEPT_COMPLETED, mechListMic: expect.anything() },
    ]);
  });

  test('a token for a preferred mechanism that is not ours is not looked at', () => {
    const mechTypes = span(MechTypeList, [Mechanism.NEGOEX, Mechanism.MS_KRB5]);
    const { token } = acceptor().step(encodeInit({ mechTypes, mechToken: utf8('NEGOEXTS') }));
    expect(readResp(token)).toMatchObject({
      negState: NegState.REQUEST_MIC,
      supportedMech: Mechanism.MS_KRB5,
    });
  });

  test('a MIC that comes unasked is verified and answered', () => {
    const theirs = acceptor();
    const mechTypes = span(MechTypeList, [Mechanism.KRB5]);
    theirs.step(encodeInit({ mechTypes }));
    const mine = krb5Initiator(initiatorOptions({ flags: ONE_WAY }));
    const { token: responseToken } = mine.step();
    const mechListMic = mine.context?.getMic(mechTypes.raw);
    const { token } = theirs.step(encodeResp({ responseToken, mechListMic }));
    const reply = readResp(token);
    expect(reply.negState).toBe(NegState.ACCEPT_COMPLETED);
    mine.context?.verifyMic(mechTypes.raw, reply.mechListMic ?? new Uint8Array(0));
  });

  test('a list that was changed on its way is noticed by both', () => {
    const mine = initiator([UNKNOWN, Mechanism.KRB5]);
    const theirs = acceptor();
    mine.step();
    const changed = span(MechTypeList, [Mechanism.NTLM, Mechanism.KRB5]);
    const request = theirs.step(encodeInit({ mechTypes: changed }));
    const answer = theirs.step(tokenOf(mine.step(request.token)));
    expectGssError('GSS_S_BAD_MIC', () => mine.step(answer.token));

    const oneWay = initiator([UNKNOWN, Mechanism.KRB5], { flags: ONE_WAY });
    const other = acceptor();
    oneWay.step();
    const asked = other.step(encodeInit({ mechTypes: changed }));
    const protectedToken = tokenOf(oneWay.step(asked.token));
    const error = expectGssError('GSS_S_BAD_MIC', () => other.step(protectedToken));
    expect(readResp(error.detail.token).negState).toBe(NegState.REJECT);
  });

  test('an acceptor that should protect the list and does not is refused', () => {
    const mine = initiator([UNKNOWN, Mechanism.KRB5], { flags: ONE_WAY });
    mine.step();
    mine.step(encodeResp({ supportedMech: Mechanism.KRB5, negState: NegState.ACCEPT_INCOMPLETE }));
    const done = encodeResp({ negState: NegState.ACCEPT_COMPLETED });
    expectGssError('GSS_S_BAD_MIC', () => mine.step(done));
    expect(mine.context).toBeUndefined();
  });

  test('a client that should protect the list and does not is refused', () => {
    const theirs = acceptor();
    const mechTypes = span(MechTypeList, [UNKNOWN, Mechanism.KRB5]);
    theirs.step(encodeInit({ mechTypes }));
    const answer = theirs.step(encodeResp({ responseToken: krb5Token() }));
    expect(answer.established).toBe(false);
    expect(theirs.context).toBeUndefined();
    expect(() => theirs.step(encodeResp({}))).toThrow(KerberosError);
  });
});

describe('answers that an initiator refuses', () => {
  const answered = (value: NegTokenResp, offer?: readonly string[]) => {
    const mine = initiator(offer);
    mine.step();
    return () => mine.step(encodeResp(value));
  };

  test('a mechanism that it did not offer or cannot do', () => {
    expectGssError('GSS_S_BAD_MECH', answered({ supportedMech: Mechanism.MS_KRB5 }));
    expectGssError('GSS_S_BAD_MECH', answered({ supportedMech: UNKNOWN }));
    const both = [Mechanism.KRB5, UNKNOWN];
    expectGssError('GSS_S_BAD_MECH', answered({ supportedMech: UNKNOWN }, both));
  });

  test('an end before the acceptor proved who it is', () => {
    const { ACCEPT_COMPLETED, ACCEPT_INCOMPLETE } = NegState;
    expectGssError('GSS_S_DEFECTIVE_TOKEN', answered({ negState: ACCEPT_COMPLETED }));
    expectGssError('GSS_S_DEFECTIVE_TOKEN', answered({ negState: ACCEPT_INCOMPLETE }));
  });

  test('an offer in place of an answer, and a mechanism that changes', () => {
    const mine = initiator();
    const offer = tokenOf(mine.step());
    expectGssError('GSS_S_DEFECTIVE_TOKEN', () => mine.step(offer));
    const other = initiator([UNKNOWN, Mechanism.KRB5, Mechanism.MS_KRB5]);
    other.step();
    other.step(encodeResp({ supportedMech: Mechanism.KRB5 }));
    const change = encodeResp({ supportedMech: Mechanism.MS_KRB5 });
    expectGssError('GSS_S_DEFECTIVE_TOKEN', () => other.step(change));
  });

  test('mechanisms beyond the limit', () => {
    const many = Array.from({ length: 33 }, (_, at) => `1.3.6.1.4.1.99999.${at}`);
    const mechTypes = { value: many, raw: encodeDer(MechTypeList, many) };
    const token = encodeInit({ mechTypes });
    expectGssError('GSS_S_DEFECTIVE_TOKEN', () => acceptor().step(token));
  });
});
