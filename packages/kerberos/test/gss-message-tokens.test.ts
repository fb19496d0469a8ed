import { Key } from '@doublehop/crypto/key';
import { concat, fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KerberosError } from '../src/errors.ts';
import { GssFlag } from '../src/gss/flags.ts';
import {
  micToken,
  openToken,
  type Receiver,
  sealSplit,
  sealToken,
  type Sender,
  signToken,
  verifyMicToken,
  wrapOverhead,
} from '../src/gss/message-tokens.ts';
import { SequenceWindow } from '../src/gss/sequence-window.ts';
import { AES_ETYPES, establish, expectGssError, random } from './gss-support.ts';

const MESSAGE = utf8('the quick brown fox');

function sides(etype: number, acceptorSubkey = true): { sender: Sender; receiver: Receiver } {
  const key = Key.random(etype, random);
  return {
    sender: { role: 'initiator', key, acceptorSubkey, sequence: 0x1_0000_0002 },
    receiver: { peer: 'initiator', keyOf: (sub) => (sub === acceptorSubkey ? key : undefined) },
  };
}

describe('RFC 4121 §4.2.6: token headers', () => {
  const key = Key.of(18, new Uint8Array(32).fill(7));
  const receiver: Receiver = { peer: 'initiator', keyOf: (sub) => (sub ? undefined : key) };
  const sender: Sender = { role: 'initiator', key, acceptorSubkey: false, sequence: 0x2a };

  test('MIC: id, flags, filler, number, checksum of message and header under usage 25', () => {
    const header = fromHex('0404 00 ff ffffffff 000000000000002a');
    const token = micToken(sender, MESSAGE);
    expect(toHex(token)).toBe(toHex(concat(header, key.checksum(25, concat(MESSAGE, header)))));
    expect(verifyMicToken(receiver, MESSAGE, token)).toBe(0x2a);
  });

  test('wrap in clear: EC is the size of the checksum, made with EC and RRC zero, usage 24', () => {
    const clean = fromHex('0504 00 ff 0000 0000 000000000000002a');
    const checksum = key.checksum(24, concat(MESSAGE, clean));
    const token = signToken(sender, MESSAGE);
    const header = fromHex('0504 00 ff 000c 0000 000000000000002a');
    expect(toHex(token)).toBe(toHex(concat(header, MESSAGE, checksum)));
    expect(openToken(receiver, token)).toEqual({ message: MESSAGE, sealed: false, sequence: 0x2a });
  });

  test('sealed wrap: the plaintext ends with the header, usage 24', () => {
    const token = sealToken(sender, MESSAGE, random);
    const header = fromHex('0504 02 ff 0000 0000 000000000000002a');
    expect(toHex(token.subarray(0, 16))).toBe(toHex(header));
    expect(toHex(key.decrypt(24, token.subarray(16)))).toBe(toHex(concat(MESSAGE, header)));
  });

  test('the acceptor sets its flag and uses usages 22 and 23', () => {
    const acceptor: Sender = { ...sender, role: 'acceptor', acceptorSubkey: true };
    const sealed = sealToken(acceptor, MESSAGE, random);
    expect(sealed[2]).toBe(0x07);
    expect(key.decrypt(22, sealed.subarray(16)).length).toBe(MESSAGE.length + 16);
    const mic = micToken(acceptor, MESSAGE);
    const data = concat(MESSAGE, mic.subarray(0, 16));
    expect(mic[2]).toBe(0x05);
    expect(key.verifyChecksum(23, data, mic.subarray(16))).toBe(true);
  });
});

describe.each(AES_ETYPES)('RFC 4121 §4.2 with encryption type %i', (etype) => {
  test('what is wrapped is unwrapped, whatever the rotation', () => {
    const { sender, receiver } = sides(etype);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(0xffff), (message, rotation) => {
        const sealed = openToken(receiver, sealToken(sender, message, random, rotation));
        expect(toHex(sealed.message)).toBe(toHex(message));
        expect(sealed).toMatchObject({ sealed: true, sequence: 0x1_0000_0002 });
        const signed = openToken(receiver, signToken(sender, message, rotation));
        expect(toHex(signed.message)).toBe(toHex(message));
        expect(signed.sealed).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test('a peer may fill (EC) and rotate a token in clear', () => {
    const { sender, receiver } = sides(etype);
    const inner = fromHex('0504 06 ff 0005 0000 0000000100000002');
    const filled = concat(MESSAGE, new Uint8Array(5), inner);
    const token = concat(inner, sender.key.encrypt(24, filled, random));
    expect(toHex(openToken(receiver, token).message)).toBe(toHex(MESSAGE));

    const clear = signToken(sender, MESSAGE);
    const at = clear.length - 3;
    const rotated = concat(clear.subarray(0, 16), clear.subarray(at), clear.subarray(16, at));
    new DataView(rotated.buffer).setUint16(6, 3);
    expect(toHex(openToken(receiver, rotated).message)).toBe(toHex(MESSAGE));
  });

  test('the split form: RRC 16 + MAC, data as long as the message', () => {
    const { sender, receiver } = sides(etype);
    const mac = { 17: 12, 18: 12, 19: 16, 20: 24 }[etype];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (message) => {
        const { header, data } = sealSplit(sender, message, random);
        expect(header.length).toBe(48 + mac);
        expect(data.length).toBe(message.length);
        expect(toHex(header.subarray(4, 8))).toBe(toHex(Uint8Array.of(0, 0, 0, 16 + mac)));
        expect(toHex(openToken(receiver, concat(header, data)).message)).toBe(toHex(message));
      }),
      { numRuns: 50 },
    );
  });

  test('the overhead is what it is', () => {
    const { sender } = sides(etype);
    const sealed = sealToken(sender, MESSAGE, random);
    expect(sealed.length - MESSAGE.length).toBe(wrapOverhead(sender.key, true));
    const signed = signToken(sender, MESSAGE);
    expect(signed.length - MESSAGE.length).toBe(wrapOverhead(sender.key, false));
  });

  test('every changed octet is noticed', () => {
    const { sender, receiver } = sides(etype);
    for (const token of [sealToken(sender, MESSAGE, random), signToken(sender, MESSAGE)]) {
      for (let at = 0; at < token.length; at += 1) {
        const changed = Uint8Array.from(token);
        changed[at] = (changed[at] ?? 0) ^ 0x10;
        expect(() => openToken(receiver, changed), `octet ${at}`).toThrow(KerberosError);
      }
    }
    const mic = micToken(sender, MESSAGE);
    for (let at = 0; at < mic.length; at += 1) {
      const changed = Uint8Array.from(mic);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(() => verifyMicToken(receiver, MESSAGE, changed), `${at}`).toThrow(KerberosError);
    }
  });
});

describe('RFC 4121 §4.2: hostile tokens', () => {
  test('random octets behind a valid header give nothing but a KerberosError', () => {
    const { receiver } = sides(18, false);
    const header = fc
      .tuple(fc.constantFrom('0504', '0404'), fc.constantFrom('00', '02', '04', '06'))
      .map(([id, flags]) => fromHex(`${id}${flags}ff`));
    const token = fc
      .tuple(header, fc.uint8Array({ maxLength: 120 }))
      .map(([head, rest]) => concat(head, rest));
    fc.assert(
      fc.property(fc.oneof(token, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        expect(() => openToken(receiver, bytes)).toThrow(KerberosError);
        expect(() => verifyMicToken(receiver, MESSAGE, bytes)).toThrow(KerberosError);
      }),
    );
  });

  test('a Buffer is not changed', () => {
    const { sender, receiver } = sides(18);
    const token = Buffer.from(sealToken(sender, MESSAGE, random, 28));
    const before = toHex(token);
    openToken(receiver, token);
    expect(toHex(token)).toBe(before);
  });

  test('a reflected token and one of an unknown subkey are refused', () => {
    const { sender, receiver } = sides(18);
    const token = signToken(sender, MESSAGE);
    expectGssError('GSS_S_BAD_MIC', () => openToken({ ...receiver, peer: 'acceptor' }, token));
    const base = signToken({ ...sender, acceptorSubkey: false }, MESSAGE);
    expectGssError('GSS_S_BAD_MIC', () => openToken(receiver, base));
  });
});

describe('what Windows does with wrap tokens', () => {
  test('a context rotates by 28 octets with encryption, 12 without (MS-KILE 3.4.5.4.1)', () => {
    const { initiator, acceptor } = establish();
    const rrc = (token: Uint8Array) => toHex(token.subarray(4, 8));
    expect(rrc(acceptor.wrap(MESSAGE, { seal: true }))).toBe('0000001c');
    const signed = acceptor.wrap(MESSAGE, { seal: false });
    expect(rrc(signed)).toBe('000c000c');
    expect(toHex(signed.subarray(28))).toBe(toHex(MESSAGE));
    expect(rrc(initiator.wrap(MESSAGE, { seal: true }))).toBe('0000001c');
  });

  test('the flag of a subkey that no AP-REP asserted means the key that there is', () => {
    const { initiator, acceptor } = establish({ flags: GssFlag.INTEG | GssFlag.CONF });
    const sender: Sender = {
      role: 'initiator',
      key: initiator.key,
      acceptorSubkey: true,
      sequence: 0,
    };
    const token = sealToken(sender, MESSAGE, random);
    expect(toHex(acceptor.unwrap(token).message)).toBe(toHex(MESSAGE));
    // With an asserted one there is no choice.
    const mutual = establish();
    const base = signToken(
      { ...sender, acceptorSubkey: false, key: Key.random(18, random) },
      MESSAGE,
    );
    expectGssError('GSS_S_BAD_MIC', () => mutual.acceptor.unwrap(base));
  });
});

describe('RFC 2743 §1.2.3: replay and sequence', () => {
  test('with SEQUENCE every token must be the next', () => {
    const { initiator, acceptor } = establish();
    const [first, second, third] = ['a', 'b', 'c'].map((text) =>
      initiator.wrap(utf8(text), { seal: true }),
    );
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    expectGssError('GSS_S_GAP_TOKEN', () => acceptor.unwrap(second));
    expect(acceptor.unwrap(first).message).toEqual(utf8('a'));
    expectGssError('GSS_S_DUPLICATE_TOKEN', () => acceptor.unwrap(first));
    expect(acceptor.unwrap(second).message).toEqual(utf8('b'));
    expect(acceptor.unwrap(third).message).toEqual(utf8('c'));
  });

  test('with REPLAY alone every token may come once, in any order', () => {
    const { initiator, acceptor } = establish({ flags: GssFlag.MUTUAL | GssFlag.REPLAY });
    const mics = Array.from({ length: 70 }, () => initiator.getMic(MESSAGE));
    const [first, second] = mics;
    const last = mics.at(-1);
    if (first === undefined || second === undefined || last === undefined) throw new Error();
    acceptor.verifyMic(MESSAGE, second);
    acceptor.verifyMic(MESSAGE, first);
    expectGssError('GSS_S_DUPLICATE_TOKEN', () => acceptor.verifyMic(MESSAGE, first));
    acceptor.verifyMic(MESSAGE, last);
    expectGssError('GSS_S_OLD_TOKEN', () => acceptor.verifyMic(MESSAGE, second));
  });

  test('without either flag tokens may repeat', () => {
    const { initiator, acceptor } = establish({ flags: GssFlag.MUTUAL });
    const mic = initiator.getMic(MESSAGE);
    acceptor.verifyMic(MESSAGE, mic);
    acceptor.verifyMic(MESSAGE, mic);
    expect(() => acceptor.verifyMic(utf8('another'), mic)).toThrow(KerberosError);
  });

  test('a replay window takes each number once, as a set of all numbers would', () => {
    const numbers = fc.array(fc.integer({ min: 990, max: 1120 }), { maxLength: 200 });
    fc.assert(
      fc.property(numbers, (list) => {
        const window = new SequenceWindow(1000, { replay: true, sequence: false });
        const taken = new Set<number>();
        let newest = 999;
        for (const number of list) {
          const fresh = number >= 1000 && number > newest - 64 && !taken.has(number);
          expect(window.take(number) === undefined).toBe(fresh);
          if (!fresh) continue;
          taken.add(number);
          newest = Math.max(newest, number);
        }
      }),
    );
  });
});
