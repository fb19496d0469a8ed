import { type AddressInfo } from 'node:net';
import { selfSignedCertificate } from '@doublehop/domain-controller/tls/self-signed';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { SecureText } from '@doublehop/powershell/objects/value';
import { credSspClientScheme } from '@doublehop/remoting/credssp/client';
import { credSspServerScheme } from '@doublehop/remoting/credssp/server';
import {
  decodeCredentials,
  decodeTsRequest,
  encodeCredentials,
  encodeTsRequest,
} from '@doublehop/remoting/credssp/ts-request';
import { publicKeyProof } from '@doublehop/remoting/credssp/binding';
import { RemotingError } from '@doublehop/remoting/errors';
import { WsmanConnection } from '@doublehop/remoting/http/wsman-client';
import { wsmanServer } from '@doublehop/remoting/http/wsman-server';
import { utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clock, random, testService } from './support/tickets.ts';

const tls = selfSignedCertificate({ names: ['serverb.contoso.com'], now: Date.now(), random });

const credentials = (password: string) => ({
  domain: 'CONTOSO',
  user: 'alice',
  password: SecureText.of(password),
});

async function connection(
  password: string,
  more: { clientService?: ReturnType<typeof testService> } = {},
): Promise<{ connection: WsmanConnection; log: string[] }> {
  const service = testService();
  const log: string[] = [];
  const server = wsmanServer<string>({
    schemes: [
      credSspServerScheme({
        acceptor: service.acceptor,
        tls,
        logOn: async (given, context) => {
          if (given.password.revealText() === 'pass-wörd') return formatPrincipal(context.peer);
          throw new RemotingError('authentication', `the password of ${given.user} is wrong`);
        },
      }),
    ],
    handle: async ({ text, caller }) => ({ status: 200, text: `${caller}:${text}` }),
    product: { vendor: 'doublehop', version: 'test' },
    log: (line) => log.push(line),
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const { ticket: getServiceTicket } = more.clientService ?? service;
  const one = new WsmanConnection({
    url: new URL(`http://127.0.0.1:${port}/wsman`),
    scheme: credSspClientScheme({
      getServiceTicket,
      credentials: credentials(password),
      clock,
      random,
    }),
  });
  onTestFinished(() => {
    one.close();
    server.close();
    server.closeAllConnections();
  });
  return { connection: one, log };
}

describe('CredSSP over HTTP (MS-CSSP 3.1.5, MS-WSMV 2.2.9.1.3)', () => {
  test('the password gets through, and messages go in TLS records', async () => {
    const { connection: one } = await connection('pass-wörd');
    expect(await one.post('<a/>')).toEqual({ status: 200, text: 'alice@CONTOSO.COM:<a/>' });
    const long = 'x'.repeat(100_000);
    expect((await one.post(long)).text).toBe(`alice@CONTOSO.COM:${long}`);
  });

  test('a wrong password is refused, and is in no log', async () => {
    const { connection: one, log } = await connection('wrong-secret');
    await expect(one.post('x')).rejects.toMatchObject({ code: 'authentication' });
    expect(log.join('\n')).toContain('the password of alice is wrong');
    expect(log.join('\n')).not.toContain('wrong-secret');
  });

  test('a ticket of another service is refused before any password goes', async () => {
    const { connection: one, log } = await connection('pass-wörd', {
      clientService: testService(),
    });
    await expect(one.post('x')).rejects.toMatchObject({ code: 'authentication' });
    expect(log.join('\n')).not.toContain('password');
  });
});

describe('TSRequest (MS-CSSP 2.2.1)', () => {
  test('comes back as it was', () => {
    const request = {
      version: 6,
      negoTokens: [{ negoToken: utf8('token') }],
      authInfo: undefined,
      pubKeyAuth: utf8('key'),
      errorCode: undefined,
      clientNonce: new Uint8Array(32),
    };
    expect(decodeTsRequest(encodeTsRequest(request))).toEqual(request);
  });

  test('an error code is an NTSTATUS', () => {
    const request = Buffer.from('300da003020106a4060204c000006d', 'hex');
    expect((decodeTsRequest(request).errorCode ?? 0) >>> 0).toBe(0xc0_00_00_6d);
  });

  test('random octets give nothing but RemotingError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const decode of [decodeTsRequest, decodeCredentials]) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(RemotingError);
          }
        }
      }),
    );
  });

  test('credentials come back, and say nothing of themselves', () => {
    const read = decodeCredentials(encodeCredentials(credentials('geheim')));
    expect([read.domain, read.user, read.password.revealText()]).toEqual([
      'CONTOSO',
      'alice',
      'geheim',
    ]);
    expect(JSON.stringify(read)).not.toContain('geheim');
  });

  test('proofs differ by direction, by nonce and by version', () => {
    const publicKey = new Uint8Array([255, 1, 2]);
    const nonce = new Uint8Array(32);
    const parts = { publicKey, nonce };
    const proofs = [
      publicKeyProof(6, 'client-to-server', parts),
      publicKeyProof(6, 'server-to-client', parts),
      publicKeyProof(5, 'client-to-server', { ...parts, nonce: nonce.fill(1) }),
    ].map((proof) => Buffer.from(proof).toString('hex'));
    expect(new Set(proofs).size).toBe(3);
    expect(publicKeyProof(4, 'client-to-server', parts)).toEqual(publicKey);
    expect(publicKeyProof(4, 'server-to-client', parts)).toEqual(new Uint8Array([0, 1, 2]));
    expect(() => publicKeyProof(6, 'client-to-server', { publicKey, nonce: undefined })).toThrow(
      '32',
    );
  });
});
