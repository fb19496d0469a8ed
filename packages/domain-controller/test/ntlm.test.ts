import { md4 } from '@doublehop/crypto/legacy/md4';
import { Rc4 } from '@doublehop/crypto/legacy/rc4';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Account } from '@doublehop/directory/account';
import { NtlmAcceptor, type NtlmAcceptorOptions } from '@doublehop/domain-controller/ntlm/acceptor';
import { NtlmContext } from '@doublehop/domain-controller/ntlm/context';
import { NtlmFlag } from '@doublehop/domain-controller/ntlm/flags';
import {
  exportedSessionKey,
  ntProof,
  responseKey,
  sealingKey,
  sessionBaseKey,
  signingKey,
} from '@doublehop/domain-controller/ntlm/keys';
import {
  decodeAuthenticate,
  decodeNegotiate,
  decodeNtlmV2Response,
  encodeChallenge,
} from '@doublehop/domain-controller/ntlm/messages';
import { bindingsHash } from '@doublehop/kerberos/gss/channel-bindings';
import { KerberosError } from '@doublehop/kerberos/errors';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { concat, fromHex, toHex, utf16le, utf8 } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NtlmClient, type NtlmClientOptions, USUAL_FLAGS } from './support/ntlm-client.ts';

const SERVER_CHALLENGE = fromHex('0123456789abcdef');
const SESSION_KEY = fromHex('55'.repeat(16));
const FLAGS = 0xe28a_8233;

// The messages of MS-NLMP 4.2.4.3.
const CHALLENGE = `
  4e544c4d53535000 02000000 0c000c00 38000000 33828ae2 0123456789abcdef 0000000000000000
  2400 2400 44000000 0600701700000 00f 53006500720076006500720002000c0044006f006d00610069006e00
  01000c0053006500720076006500720000000000`.replace('00000 00f', '0000000f');
const AUTHENTICATE = fromHex(`
  4e544c4d53535000 03000000 18001800 6c000000 54005400 84000000 0c000c00 48000000
  08000800 54000000 10001000 5c000000 10001000 d8000000 35 8288e2 0501280a0000000f
  44006f006d00610069006e00 5500730065007200 43004f004d0050005500540045005200
  86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa 68cd0ab851e51c96aabc927bebef6a1c
  0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000
  02000c0044006f006d00610069006e00 01000c005300650072007600650072 00 00000000 00000000
  c5dad2544fc979909 4ce1ce90bc9d03e`);

const key = responseKey(md4(utf16le('Password')), 'User', 'Domain');

describe('MS-NLMP 4.2.4 NTLMv2 authentication', () => {
  it('4.2.4.1.1 NTOWFv2', () => {
    expect(toHex(key)).toBe('0c868a403bfd7a93a3001ef22ef02e3f');
  });

  it('4.2.4.2.2 the response, and 4.2.4.1.2 the session base key', () => {
    const { ntResponse } = decodeAuthenticate(AUTHENTICATE);
    const { proof, temp, pairs } = decodeNtlmV2Response(ntResponse);
    expect(toHex(proof)).toBe('68cd0ab851e51c96aabc927bebef6a1c');
    expect(ntProof(key, SERVER_CHALLENGE, temp)).toEqual(proof);
    expect(pairs).toEqual([
      { id: 2, value: utf16le('Domain') },
      { id: 1, value: utf16le('Server') },
    ]);
    expect(toHex(sessionBaseKey(key, proof))).toBe('8de40ccadbc14a82f15cb0ad0de95ca3');
  });

  it('4.2.4.2.3 the encrypted session key', () => {
    const base = fromHex('8de40ccadbc14a82f15cb0ad0de95ca3');
    const encrypted = fromHex('c5dad2544fc9799094ce1ce90bc9d03e');
    expect(new Rc4(base).apply(SESSION_KEY)).toEqual(encrypted);
    expect(exportedSessionKey(base, FLAGS, encrypted)).toEqual(SESSION_KEY);
    expect(exportedSessionKey(base, FLAGS, encrypted.subarray(1))).toBeUndefined();
    expect(exportedSessionKey(base, FLAGS & ~NtlmFlag.KEY_EXCH, encrypted)).toEqual(base);
  });

  it('4.2.4.3 the messages', () => {
    // The version is ours, not that of the example.
    const ours = fromHex(CHALLENGE);
    ours.set(Uint8Array.of(10, 0, 0x39, 0x38, 0, 0, 0, 15), 48);
    const challenge = encodeChallenge({
      flags: FLAGS,
      challenge: SERVER_CHALLENGE,
      targetName: 'Server',
      targetInfo: [
        { id: 2, value: utf16le('Domain') },
        { id: 1, value: utf16le('Server') },
      ],
    });
    expect(toHex(challenge)).toBe(toHex(ours));
    expect(decodeAuthenticate(AUTHENTICATE)).toMatchObject({
      flags: 0xe288_8235,
      domain: 'Domain',
      user: 'User',
      encryptedSessionKey: fromHex('c5dad2544fc9799094ce1ce90bc9d03e'),
    });
  });

  it('4.2.4.4 GSS_WrapEx', () => {
    expect(toHex(sealingKey(SESSION_KEY, 'client'))).toBe('59f600973cc4960a25480a7c196e4c58');
    expect(toHex(signingKey(SESSION_KEY, 'client'))).toBe('4788dc861b4782f35d43fd98fe1a2d39');
    const peer = principal('', NameType.PRINCIPAL, 'x');
    const client = new NtlmContext({ role: 'client', peer, flags: FLAGS, key: SESSION_KEY });
    const server = new NtlmContext({ role: 'server', peer, flags: FLAGS, key: SESSION_KEY });
    const wrapped = client.wrap(utf16le('Plaintext'), { seal: true });
    expect(toHex(wrapped)).toBe(
      '010000007fb38ec5c55d49760000000054e50165bf1936dc996020c1811b0f06fb5f',
    );
    expect(server.unwrap(wrapped)).toEqual({ message: utf16le('Plaintext'), sealed: true });
  });
});

const TARGET = {
  netbiosDomainName: 'CONTOSO',
  netbiosComputerName: 'DC',
  dnsDomainName: 'contoso.com',
  dnsComputerName: 'dc.contoso.com',
};

// Sound: the acceptor hands it through and looks at nothing of it.
const ALICE = { samAccountName: 'alice' } as Account;

function acceptor(options: Partial<NtlmAcceptorOptions> = {}): NtlmAcceptor {
  return new NtlmAcceptor({
    target: TARGET,
    clock: () => Date.UTC(2026, 0, 1),
    random: pooledRandom(),
    authenticate(claim) {
      const ntHash = md4(utf16le('Passw0rd'));
      if (claim.user !== 'alice' || !claim.proves(ntHash)) throw new Error('not proved');
      return { account: ALICE, ntHash };
    },
    ...options,
  });
}

function exchange(
  options: NtlmClientOptions = {},
  server: NtlmAcceptor = acceptor(),
  password = 'Passw0rd',
): { readonly client: NtlmContext; readonly server: NtlmContext } {
  const client = new NtlmClient('CONTOSO', 'alice', password, options);
  const { token = new Uint8Array(0), established } = server.step(client.negotiate);
  expect(established).toBe(false);
  expect(server.step(client.answer(token))).toEqual({ established: true });
  if (client.context === undefined || server.context === undefined) throw new Error('no context');
  return { client: client.context, server: server.context };
}

describe('MS-NLMP 3.2.5.1 the server', () => {
  it('both sides have a session that signs and seals, in order', () => {
    const { client, server } = exchange();
    expect(server.account).toBe(ALICE);
    expect(server.confidentiality).toBe(true);
    for (const text of ['one', 'two', '']) {
      expect(server.unwrap(client.wrap(utf8(text), { seal: true })).message).toEqual(utf8(text));
      expect(client.unwrap(server.wrap(utf8(text), { seal: true })).message).toEqual(utf8(text));
    }
    const first = client.wrap(utf8('x'), { seal: true });
    const second = client.wrap(utf8('y'), { seal: true });
    expect(() => server.unwrap(second)).toThrow(KerberosError);
    expect(() => server.unwrap(first)).toThrow(KerberosError);
  });

  it('signs alone, without a key exchange too', () => {
    for (const less of [NtlmFlag.SEAL, NtlmFlag.SEAL | NtlmFlag.KEY_EXCH]) {
      const { client, server } = exchange({ flags: USUAL_FLAGS & ~less });
      expect([server.integrity, server.confidentiality]).toEqual([true, false]);
      const wrapped = client.wrap(utf8('text'), { seal: false });
      expect(server.unwrap(wrapped)).toEqual({ message: utf8('text'), sealed: false });
      const other = client.wrap(utf8('text'), { seal: false });
      other[17] = 0;
      expect(() => server.unwrap(other)).toThrow(KerberosError);
    }
  });

  it('MS-SPNG 3.2.5.1: a MIC leaves the state of the cipher as it was', () => {
    const { client, server } = exchange();
    const list = utf8('mechanisms');
    server.verifyMic(list, client.getMic(list));
    client.verifyMic(list, server.getMic(list));
    expect(server.unwrap(client.wrap(list, { seal: true })).message).toEqual(list);
    expect(client.unwrap(server.wrap(list, { seal: true })).message).toEqual(list);
    expect(() => server.verifyMic(list, new Uint8Array(16))).toThrow(KerberosError);
  });

  it.each<[string, NtlmClientOptions]>([
    ['a MIC that does not fit', { spoil: (message) => changed(message, 75) }],
    ['flags that were changed on their way', { spoil: (message) => changed(message, 61) }],
    ['a response of NTLMv1', { ntResponse: new Uint8Array(24) }],
    ['an anonymous client', { ntResponse: new Uint8Array(0) }],
    ['an LM response of another kind', { ntResponse: new Uint8Array(60) }],
    ['no extended session security', { flags: USUAL_FLAGS & ~NtlmFlag.EXTENDED_SESSIONSECURITY }],
    ['names that are not Unicode', { flags: USUAL_FLAGS & ~NtlmFlag.UNICODE }],
    ['keys of 40 bits', { flags: USUAL_FLAGS & ~NtlmFlag.KEY_128 }],
  ])('refuses %s', (_what, options) => {
    expect(() => exchange(options)).toThrow(KerberosError);
  });

  it('refuses a wrong password with the error of who knows accounts', () => {
    expect(() => exchange({}, acceptor(), 'other')).toThrow('not proved');
  });

  it('is used once', () => {
    const server = acceptor();
    exchange({}, server);
    expect(() => server.step(new Uint8Array(0))).toThrow(KerberosError);
  });

  it('takes a client without MIC, which old ones do not make', () => {
    expect(exchange({ withoutMic: true }).server.account).toBe(ALICE);
  });
});

describe('MS-NLMP 2.2.2.1 MsvAvChannelBindings', () => {
  const channelBindings = { applicationData: utf8('tls-server-end-point:abc') };
  const right = bindingsHash(channelBindings);
  const wrong = bindingsHash({ applicationData: utf8('tls-server-end-point:abd') });

  it.each([
    ['off', wrong, true],
    ['ignore-if-absent', right, true],
    ['ignore-if-absent', undefined, true],
    ['ignore-if-absent', new Uint8Array(16), true],
    ['ignore-if-absent', wrong, false],
    ['required', right, true],
    ['required', undefined, false],
    ['required', wrong, false],
  ] as const)('%s', (bindingPolicy, bindings, taken) => {
    const server = acceptor({ channelBindings, bindingPolicy });
    const work = () => exchange(bindings === undefined ? {} : { bindings }, server);
    if (taken) expect(work().server.account).toBe(ALICE);
    else expect(work).toThrow(expect.objectContaining({ code: 'gss' }));
  });
});

describe('hostile input', () => {
  it('octets are messages, or a WireError', () => {
    const signature = utf8('NTLMSSP\0');
    const decoders = [decodeNegotiate, decodeAuthenticate, decodeNtlmV2Response];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(1, 3), (bytes, type) => {
        const whole = concat(signature, Uint8Array.of(type, 0, 0, 0), bytes);
        for (const decode of decoders) {
          for (const input of [
            bytes,
            whole,
            concat(new Uint8Array(16), Uint8Array.of(1, 1), bytes),
          ]) {
            try {
              decode(input);
            } catch (error) {
              expect(error).toBeInstanceOf(WireError);
            }
          }
        }
      }),
    );
  });

  it('a changed or cut last message never establishes a session', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const spoil = (message: Uint8Array): Uint8Array => {
          const place = at % message.length;

          return bits % 2 === 0 ? message.subarray(0, place) : changed(message, place, bits);
        };
        const server = acceptor();
        const client = new NtlmClient('CONTOSO', 'alice', 'Passw0rd', { spoil });
        const { token = new Uint8Array(0) } = server.step(client.negotiate);
        expect(() => server.step(client.answer(token))).toThrow();
      }),
    );
  });
});

function changed(message: Uint8Array, at: number, bits = 0x10): Uint8Array {
  const out = message.slice();
  out[at] = (out[at] ?? 0) ^ bits;
  return out;
}
