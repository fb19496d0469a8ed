import { RemotingError } from '@doublehop/remoting/errors';
import {
  decryptMessage,
  encryptMessage,
  innerCharset,
  isEncrypted,
  type MessageSealer,
} from '@doublehop/remoting/http/message-encryption';
import { concat, utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** A seal whose octets may be anything, boundaries among them: the message turned round. */
const sealer: MessageSealer = {
  protocol: 'application/HTTP-SPNEGO-session-encrypted',
  seal: (message) => ({ header: utf8('SIG!'), data: message.toReversed() }),
  open: (header, data) => concat(header, data).slice(4).reverse(),
};

const TYPE =
  'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";' +
  'boundary="Encrypted Boundary"';

describe('the form of encrypted messages (MS-WSMV 2.2.9.1.1)', () => {
  // The layout as pypsrp 0.9.1 and Windows Server 2022 write it.
  const layout =
    '--Encrypted Boundary\r\n' +
    '\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n' +
    '\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=5\r\n' +
    '--Encrypted Boundary\r\n' +
    '\tContent-Type: application/octet-stream\r\n' +
    '\u0004\0\0\0SIG!olleh--Encrypted Boundary--\r\n';

  test('is written to the letter', async () => {
    const { type, body } = await encryptMessage(sealer, utf8('hello'));
    expect(type).toBe(TYPE);
    expect(Buffer.from(body).toString('latin1')).toBe(layout);
  });

  test.each([
    ['as it is', layout],
    ['with a space, as Exchange has it', layout.replaceAll('--Enc', '-- Enc')],
    ['with spaces for tabs', layout.replaceAll('\t', '  ')],
    ['without the last line end', layout.slice(0, -2)],
  ])('is read %s', async (_, text) => {
    const body = Buffer.from(text, 'latin1');
    expect(await decryptMessage(sealer, { type: TYPE, body })).toEqual(utf8('hello'));
  });

  test('several parts, each with its own length', async () => {
    const small = { ...sealer, maxPart: 4 };
    const content = await encryptMessage(small, utf8('hello world'));
    expect(content.type).toContain('multipart/x-multi-encrypted');
    expect(await decryptMessage(small, content)).toEqual(utf8('hello world'));
  });

  test('whatever the octets are, they come back', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.constant(utf8('\r\n--Encrypted Boundary--\r\n--Encrypted Boundary\r\n').toReversed()),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.integer({ min: 1, max: 100 }), async (message, maxPart) => {
        for (const one of [sealer, { ...sealer, maxPart }]) {
          expect(await decryptMessage(one, await encryptMessage(one, message))).toEqual(message);
        }
      }),
    );
  });

  const wrong: [string, string, string][] = [
    ['nothing', TYPE, ''],
    ['no parts', TYPE, '--Encrypted Boundary--\r\n'],
    ['another protocol', TYPE.replace('SPNEGO', 'Kerberos'), layout],
    ['no end', TYPE, layout.slice(0, -30)],
    ['a signature longer than the part', TYPE, layout.replace('\u0004\0', '\u0040\0')],
    ['a length that is too small', TYPE, layout.replace('Length=5', 'Length=4')],
    ['no length', TYPE, layout.replace('Length=5', '')],
  ];
  test.each(wrong)('%s is refused', async (_, type, text) => {
    const read = () => decryptMessage(sealer, { type, body: Buffer.from(text, 'latin1') });
    await expect(read()).rejects.toMatchObject({ code: 'crypto' });
  });

  test('random octets give nothing but RemotingError', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 600 }),
        fc.nat(layout.length),
        async (noise, at) => {
          const body = concat(Buffer.from(layout.slice(0, at), 'latin1'), noise);
          try {
            await decryptMessage(sealer, { type: TYPE, body });
          } catch (error) {
            expect(error).toBeInstanceOf(RemotingError);
          }
        },
      ),
    );
  });

  test('what the type and the head say', () => {
    expect(
      ['multipart/encrypted;x', 'Multipart/x-multi-encrypted', 'application/soap+xml'].map(
        isEncrypted,
      ),
    ).toEqual([true, true, false]);
    expect(innerCharset(utf8(layout.replace('UTF-8', 'UTF-16')))).toBe('UTF-16');
  });
});
