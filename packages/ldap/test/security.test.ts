import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { fromHex, utf8 } from '@doublehop/wire/bytes';
import { LdapError } from '../src/errors.ts';
import { decodeMessage, encodeMessage } from '../src/messages/message.ts';
import { EXTENDED } from '../src/oids.ts';
import { SaslDeframer, protect } from '../src/sasl/framing.ts';
import { RawPeer, certificate, collect, startServer } from './support/harness.ts';
import { XorClient, xorLayer, xorServer } from './support/xor-mechanism.ts';

type Started = Awaited<ReturnType<typeof startServer>>;
let started: Started | undefined;

afterEach(async () => {
  await started?.stop();
  started = undefined;
});

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<Started> {
  started = await startServer(options);
  return started;
}

async function failure(work: Promise<unknown>): Promise<LdapError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof LdapError) return error;
  throw new Error('expected an LdapError', { cause: error });
}

const tls = { ca: certificate };
const ALICE = 'uid=alice,dc=example';

describe('RFC 4513 §5.1 simple bind', () => {
  test('over StartTLS: identity, failure makes anonymous again', async () => {
    const { client, event } = await start();
    const connection = await client({ startTls: true, tls });
    expect(connection.tls).toBe(true);
    await connection.bindSimple(ALICE, 'secret');
    expect(await connection.whoAmI()).toBe('u:alice');
    expect((await failure(connection.bindSimple(ALICE, 'wrong'))).code).toBe('invalidCredentials');
    expect(await connection.whoAmI()).toBe('');
    expect(await event('bind')).toMatchObject({ method: 'simple', name: ALICE, code: 'success' });
  });

  test('anonymous with empty name and password', async () => {
    const connection = await (await start()).client();
    await connection.bindSimple('', '');
    expect(await connection.whoAmI()).toBe('');
  });

  test('the client keeps passwords out of clear text; the server refuses them there', async () => {
    const { client } = await start();
    const careful = await client();
    expect((await failure(careful.bindSimple(ALICE, 'secret'))).code).toBe('paramError');
    const careless = await client({ allowClearTextPassword: true });
    const refused = await failure(careless.bindSimple(ALICE, 'secret'));
    expect(refused.code).toBe('confidentialityRequired');
  });

  test('clear text by the named settings of both', async () => {
    const { client } = await start({ policy: { allowClearTextSimpleBind: true } });
    const connection = await client({ allowClearTextPassword: true });
    await connection.bindSimple(ALICE, 'secret');
    expect(await connection.whoAmI()).toBe('u:alice');
  });

  test('a name without password is refused, or anonymous by the setting (§5.1.2)', async () => {
    const bytes = encodeMessage({
      messageId: 1,
      operation: {
        kind: 'bindRequest',
        value: {
          version: 3,
          name: ALICE,
          authentication: { kind: 'simple', value: new Uint8Array(0) },
        },
      },
    });
    for (const [unauthenticatedBind, code] of [
      ['refuse', 53],
      ['anonymous', 0],
    ] as const) {
      const server = await startServer({ policy: { unauthenticatedBind } });
      const peer = await server.raw();
      peer.send(bytes);
      await peer.until(({ messages }) => messages.length === 1);
      expect(peer.messages[0]?.operation).toMatchObject({ value: { resultCode: code } });
      await server.stop();
    }
  });

  test('other authentication choices and versions have their own codes', async () => {
    const peer = await (await start()).raw();
    // Version 3, name "", authentication [9] (sicilyPackageDiscovery of MS-ADTS 5.1.1.1.3):
    // inappropriateAuthentication where there is no NTLM.
    peer.send(fromHex('300c020101 6007 020103 0400 8900'));
    // Version 2.
    peer.send(fromHex('300c020102 6007 020102 0400 8000'));
    await peer.until(({ messages }) => messages.length === 2);
    expect(peer.messages.map(({ operation }) => operation)).toMatchObject([
      { kind: 'bindResponse', value: { resultCode: 48 } },
      { kind: 'bindResponse', value: { resultCode: 2 } },
    ]);
  });
});

describe('TLS', () => {
  test('LDAPS: both ends have the same tls-server-end-point (RFC 5929 §4)', async () => {
    let atServer: Uint8Array | undefined;
    const { client, server, handler } = await start();
    handler.authorizationId = ({ channelBinding, tls: secure }) => {
      atServer = channelBinding;
      return `u:${secure}`;
    };
    const { port } = await server.listen({ host: '127.0.0.1', port: 0, implicitTls: true });
    const connection = await client({ url: `ldaps://127.0.0.1:${port}`, tls });
    expect(await connection.whoAmI()).toBe('u:true');
    expect(atServer?.length).toBe('tls-server-end-point:'.length + 32);
    expect(connection.channelBinding).toEqual(atServer);
  });

  test('a certificate that is not trusted ends the connection', async () => {
    const { client } = await start();
    const error = await failure(client({ startTls: true }));
    expect(error.code).toBe('connectError');
    expect(error.message).toContain('self-signed');
  });

  test('StartTLS is refused without a certificate and inside TLS (RFC 4511 §4.14.1)', async () => {
    const without = await startServer({ tls: undefined });
    expect((await failure(without.client({ startTls: true }))).code).toBe('unavailable');
    await without.stop();
    const { client } = await start();
    const connection = await client({ startTls: true, tls });
    const again = await failure(connection.extended(EXTENDED.startTls));
    expect(again.code).toBe('operationsError');
  });

  test('octets injected behind StartTLS end the connection (RFC 4511 §6)', async () => {
    const { raw, event } = await start();
    const peer = await raw();
    const startTls = encodeMessage({
      messageId: 1,
      operation: { kind: 'extendedRequest', value: { name: EXTENDED.startTls } },
    });
    const whoAmI = encodeMessage({
      messageId: 2,
      operation: { kind: 'extendedRequest', value: { name: EXTENDED.whoAmI } },
    });
    peer.send(Buffer.concat([startTls, whoAmI]));
    expect((await event('close')).reason).toBe('tls');
    expect(peer.messages.map(({ messageId }) => messageId)).toEqual([1]);
  });

  test('an identity of clear text does not survive StartTLS', async () => {
    const { raw, handler } = await start({ policy: { allowClearTextSimpleBind: true } });
    const identities: unknown[] = [];
    handler.authorizationId = ({ identity }) => {
      identities.push(identity);
      return '';
    };
    const peer = await raw();
    const authentication = { kind: 'simple', value: utf8('secret') } as const;
    const value = { version: 3, name: ALICE, authentication };
    peer.send(encodeMessage({ messageId: 1, operation: { kind: 'bindRequest', value } }));
    const extended = (messageId: number, name: string) =>
      encodeMessage({ messageId, operation: { kind: 'extendedRequest', value: { name } } });
    peer.send(extended(2, EXTENDED.whoAmI));
    peer.raw = ({ messages }) => messages.length === 3;
    await peer.until(({ messages }) => messages.length === 2);
    peer.send(extended(3, EXTENDED.startTls));
    await peer.until(({ messages }) => messages.length === 3);
    peer.socket.removeAllListeners('data');
    const secure = connectTls({ socket: peer.socket, ...tls, servername: 'localhost' });
    secure.write(extended(4, EXTENDED.whoAmI));
    await new Promise((resolve) => secure.once('data', resolve));
    expect(identities).toEqual(['alice', undefined]);
  });

  test('what is not TLS ends an LDAPS connection', async () => {
    const { server, event } = await start();
    const { port } = await server.listen({ host: '127.0.0.1', port: 0, implicitTls: true });
    const peer = await RawPeer.connect(port);
    peer.send(fromHex('300c02010160070201030400800030303030303030303030303030'));
    expect((await event('close')).reason).toBe('tls');
  });
});

describe('RFC 4511 §4.2, RFC 4422 §3 SASL bind', () => {
  test('several steps, then the layer in both directions behind the response', async () => {
    const { client, event } = await start();
    const connection = await client();
    await connection.bindSasl(new XorClient('carol'));
    expect(connection.layer).toBe('confidentiality');
    expect(await connection.whoAmI()).toBe('u:carol');
    // Messages longer than one buffer of the layer, and many of them.
    const { items } = await collect(connection.search({ base: 'dc=example' }));
    expect(items).toHaveLength(3);
    const long = 'x'.repeat(5_000);
    await connection.modify(ALICE, [
      { operation: 'replace', attribute: 'description', values: [long] },
    ]);
    expect(await connection.compare(ALICE, 'description', long)).toBe(true);
    const logged = await event('bind', ({ code }) => code === 'success');
    expect(logged).toMatchObject({ method: 'XOR', name: 'carol' });
  });

  const bind = (messageId: number, credentials: string) =>
    encodeMessage({
      messageId,
      operation: {
        kind: 'bindRequest',
        value: {
          version: 3,
          name: '',
          authentication: {
            kind: 'sasl',
            value: { mechanism: 'XOR', credentials: utf8(credentials) },
          },
        },
      },
    });

  const whoAmI = (messageId: number) =>
    encodeMessage({
      messageId,
      operation: { kind: 'extendedRequest', value: { name: EXTENDED.whoAmI } },
    });

  test('octets behind the last bind request are read through the layer', async () => {
    const { raw } = await start();
    const peer = await raw();
    peer.raw = ({ messages }) => messages.length === 2;
    const layer = xorLayer();
    peer.send(Buffer.concat([bind(1, 'carol'), bind(2, 'ecnon'), ...protect(layer, whoAmI(3))]));
    await peer.until(({ octets }) => octets.some(({ length }) => length > 0));
    const deframer = new SaslDeframer(layer);
    for (const chunk of peer.octets) deframer.push(chunk);
    const answer = decodeMessage(deframer.next() ?? new Uint8Array(0));
    expect(answer).toMatchObject({
      messageId: 3,
      operation: { value: { value: utf8('u:carol') } },
    });
  });

  test('another request between two steps forgets the exchange', async () => {
    const peer = await (await start()).raw();
    peer.send(Buffer.concat([bind(1, 'carol'), whoAmI(2), bind(3, 'ecnon')]));
    await peer.until(({ messages }) => messages.length === 3);
    // The third message is the first of a new exchange, not the end of the old one.
    expect(peer.messages[2]).toMatchObject({
      messageId: 3,
      operation: { value: { resultCode: 14 } },
    });
  });

  test('a wrong proof, an unknown mechanism, a bug in the mechanism', async () => {
    const { client, event } = await start();
    const connection = await client();
    const wrong = await failure(connection.bindSasl(new XorClient('carol', { honest: false })));
    expect(wrong).toMatchObject({ code: 'invalidCredentials', message: 'wrong response' });
    const other = Object.assign(new XorClient('carol'), { name: 'ROT13' });
    expect((await failure(connection.bindSasl(other))).code).toBe('authMethodNotSupported');
    const broken = Object.assign(new XorClient('carol'), {
      step: async () => ({ response: utf8('broken'), complete: false }),
    });
    const refused = await failure(connection.bindSasl(broken));
    expect(refused).toMatchObject({ code: 'invalidCredentials' });
    expect(refused.message).not.toContain('token parser');
    const logged = await event('bind', ({ cause }) => cause !== undefined);
    expect(logged.cause).toBeInstanceOf(RangeError);
    expect(await connection.whoAmI()).toBe('');
  });

  test('the handler has the last word', async () => {
    const connection = await (await start()).client();
    const error = await failure(connection.bindSasl(new XorClient('mallory')));
    expect(error.code).toBe('authorizationDenied');
    expect(await connection.whoAmI()).toBe('');
  });

  test('without layer and TLS: strongerAuthRequired, unless the setting allows it', async () => {
    const mechanisms = [xorServer({ layer: false })];
    const strict = await startServer({ mechanisms });
    const refused = (await strict.client()).bindSasl(new XorClient('carol', { layer: false }));
    expect((await failure(refused)).code).toBe('strongerAuthRequired');
    const inside = await strict.client({ startTls: true, tls });
    await inside.bindSasl(new XorClient('carol', { layer: false }));
    expect(await inside.whoAmI()).toBe('u:carol');
    await strict.stop();
    const { client } = await start({ mechanisms, policy: { allowUnsignedSasl: true } });
    const connection = await client();
    await connection.bindSasl(new XorClient('carol', { layer: false }));
    expect(await connection.whoAmI()).toBe('u:carol');
  });

  test('a server that succeeds without its proof is not believed', async () => {
    const { client } = await start({
      mechanisms: [
        {
          name: 'XOR',
          create: () => ({
            step: async () => ({
              complete: true,
              outcome: { mechanism: 'XOR', peer: 'carol' },
            }),
          }),
        },
      ],
      policy: { allowUnsignedSasl: true },
    });
    const connection = await client();
    const error = await failure(connection.bindSasl(new XorClient('carol')));
    expect(error.code).toBe('authUnknown');
    expect((await failure(connection.whoAmI())).code).toBe('authUnknown');
  });

  test('a buffer that was changed ends the connection', async () => {
    const { client, event } = await start();
    const connection = await client();
    const mechanism = new XorClient('carol');
    await connection.bindSasl(mechanism);
    // The layer counts its buffers: one that is never sent makes the next one wrong.
    mechanism.securityLayer?.wrap(utf8('lost'));
    expect((await failure(connection.whoAmI())).code).toBe('serverDown');
    expect((await event('close')).reason).toBe('sasl-layer');
  });
});
