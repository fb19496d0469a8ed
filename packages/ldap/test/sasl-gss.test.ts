import { afterEach, describe, expect, test } from 'vitest';
import { fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import { gssSpnegoClient, gssSpnegoServer } from '../src/sasl/gss-spnego.ts';
import { type GssapiClientOptions, gssapiClient, gssapiServer } from '../src/sasl/gssapi.ts';
import { gssLayer } from '../src/sasl/gss-layer.ts';
import type { Protection, SaslOutcome, SaslServerMechanism } from '../src/sasl/mechanism.ts';
import { FakeGss, type FakeGssOptions } from './support/fake-gss.ts';
import { certificate, startServer } from './support/harness.ts';

const ALL: readonly Protection[] = ['none', 'integrity', 'confidentiality'];

function server(layers: readonly Protection[] = ALL, options: FakeGssOptions = {}) {
  const context = { tls: false, layers: new Set(layers) };
  return gssapiServer(() => new FakeGss('acceptor', options)).create(context);
}

/** Runs client against server; what went back and forth, and how it ended. */
async function exchange(
  mechanism: SaslServerMechanism,
  clientOptions: GssapiClientOptions = {},
  gss: FakeGssOptions = {},
) {
  const client = gssapiClient(new FakeGss('initiator', gss), clientOptions);
  const log: string[] = [];
  let outcome: SaslOutcome | undefined;
  let step = await client.start();
  for (;;) {
    log.push(`C ${toHex(step.response ?? utf8('none'))}`);
    const answer = await mechanism.step(step.response);
    if (answer.complete) {
      outcome = answer.outcome;
      break;
    }
    log.push(`S ${toHex(answer.challenge)}`);
    step = await client.step(answer.challenge);
  }
  return { client, outcome, log, complete: step.complete };
}

const T0 = toHex(utf8('token 0'));
const T1 = toHex(utf8('token 1'));

describe('RFC 4752 §3 GSSAPI', () => {
  test('mutual authentication: tokens, an empty response, the offer, the choice', async () => {
    const { client, outcome, log, complete } = await exchange(server(), {
      authorizationId: 'u:bob',
    });
    // Wrapped messages of the fake context begin with 00 (not sealed) and their number.
    expect(log).toEqual([
      `C ${T0}`,
      `S ${T1}`,
      'C ',
      'S 000007ffffff',
      `C 000004ffffff${toHex(utf8('u:bob'))}`,
    ]);
    expect(complete).toBe(true);
    expect(outcome).toMatchObject({
      mechanism: 'GSSAPI',
      peer: 'alice@CONTOSO.COM',
      authorizationId: 'u:bob',
    });
    expect(outcome?.layer?.protection).toBe('confidentiality');
    expect(client.securityLayer?.protection).toBe('confidentiality');
    const sealed = client.securityLayer?.wrap(utf8('hello')) ?? new Uint8Array(0);
    expect(outcome?.layer?.unwrap(sealed)).toEqual(utf8('hello'));
  });

  test('one token only: the offer comes at once', async () => {
    const { log } = await exchange(server(ALL, { tokens: 1 }), {}, { tokens: 1 });
    expect(log).toEqual([`C ${T0}`, 'S 000007ffffff', 'C 000004ffffff']);
  });

  test.each([
    ['what the client accepts', ALL, ['integrity'], {}, 'integrity'],
    ['what the server offers', ['integrity'], undefined, {}, 'integrity'],
    ['what the context has', ALL, undefined, { confidentiality: false }, 'integrity'],
    ['none of both', ALL, ['none'], {}, 'none'],
    ['none inside TLS', ['none'], undefined, {}, 'none'],
  ] as const)('the strongest layer by %s', async (_name, offered, accepted, gss, expected) => {
    const options = accepted === undefined ? {} : { layers: accepted };
    const { client, outcome } = await exchange(server(offered, gss), options, gss);
    expect(client.securityLayer?.protection ?? 'none').toBe(expected);
    expect(outcome?.layer?.protection ?? 'none').toBe(expected);
  });

  test('nothing in common', async () => {
    await expect(exchange(server(['none']), { layers: ['confidentiality'] })).rejects.toThrow(
      expect.objectContaining({ code: 'authUnknown' }),
    );
  });

  test.each([
    ['a layer that was not offered', '02ffffff'],
    ['two layers', '03ffffff'],
    ['no layer', '00ffffff'],
    ['a size without a layer', '01ffffff'],
    ['a layer without a size', '04000010'],
    ['too few octets', '010000'],
    ['an identity with NUL', '01000000610062'],
    ['an identity that is not UTF-8', '01000000ff'],
  ])('the server refuses %s', async (_name, choice) => {
    const mechanism = server(['none', 'confidentiality']);
    const gss = new FakeGss('initiator');
    const first = await mechanism.step(gss.step().token);
    gss.step(first.complete ? undefined : first.challenge);
    const offer = await mechanism.step(new Uint8Array(0));
    expect(offer.complete).toBe(false);
    const response = gss.wrap(fromHex(choice), { seal: false });
    await expect(mechanism.step(response)).rejects.toThrow(
      expect.objectContaining({ code: 'invalidCredentials' }),
    );
  });

  test('a bind without credentials is asked to begin (RFC 4422 §3.3)', async () => {
    expect(await server().step(undefined)).toEqual({
      complete: false,
      challenge: new Uint8Array(0),
    });
  });
});

test('a buffer without the confidentiality agreed on is refused', () => {
  const layer = gssLayer(new FakeGss('acceptor'), 'confidentiality', 65_536);
  const open = new FakeGss('initiator').wrap(utf8('x'), { seal: false });
  expect(() => layer.unwrap(open)).toThrow('confidentiality');
  expect(layer.maxSend).toBe(65_280);
});

describe('through client and engine', () => {
  let stop: (() => Promise<void>) | undefined;

  afterEach(async () => {
    await stop?.();
  });

  async function start(gss: FakeGssOptions = {}) {
    const started = await startServer({
      mechanisms: [
        gssapiServer(() => new FakeGss('acceptor', gss)),
        gssSpnegoServer(() => new FakeGss('acceptor', gss)),
      ],
    });
    stop = started.stop;
    return started;
  }

  test('GSSAPI', async () => {
    const client = await (await start()).client();
    await client.bindSasl(gssapiClient(new FakeGss('initiator')));
    expect(client.layer).toBe('confidentiality');
    expect(await client.whoAmI()).toBe('u:alice@CONTOSO.COM');
  });

  test.each([
    [2, {}, 'confidentiality'],
    [3, { confidentiality: false }, 'integrity'],
    [1, {}, 'confidentiality'],
    [4, {}, 'confidentiality'],
  ] as const)('GSS-SPNEGO of %i tokens, flags %j: %s', async (tokens, flags, layer) => {
    const gss = { tokens, ...flags };
    const client = await (await start(gss)).client();
    await client.bindSasl(gssSpnegoClient(new FakeGss('initiator', gss)));
    expect(client.layer).toBe(layer);
    expect(await client.whoAmI()).toBe('u:alice@CONTOSO.COM');
  });

  test('inside TLS: GSSAPI without a layer; GSS-SPNEGO that wants one is refused', async () => {
    const { client } = await start();
    const connection = await client({ startTls: true, tls: { ca: certificate } });
    await expect(
      connection.bindSasl(gssSpnegoClient(new FakeGss('initiator'))),
    ).rejects.toMatchObject({ code: 'unwillingToPerform' });
    await connection.bindSasl(gssapiClient(new FakeGss('initiator')));
    expect(connection.layer).toBe('none');
    expect(await connection.whoAmI()).toBe('u:alice@CONTOSO.COM');
  });

  test('a context without integrity is not enough in clear text', async () => {
    const gss = { integrity: false, confidentiality: false };
    const client = await (await start(gss)).client();
    const bind = client.bindSasl(gssSpnegoClient(new FakeGss('initiator', gss)));
    await expect(bind).rejects.toMatchObject({ code: 'strongerAuthRequired' });
  });

  test('a token that is not valid: invalidCredentials, the reason in the log alone', async () => {
    const { client, event } = await start();
    const connection = await client();
    const wrong = gssapiClient(new FakeGss('initiator'));
    wrong.start = async () => ({ response: utf8('forged'), complete: false });
    await expect(connection.bindSasl(wrong)).rejects.toMatchObject({
      code: 'invalidCredentials',
      message: 'the credentials were not accepted',
    });
    const { cause } = await event('bind');
    expect(cause).toBeInstanceOf(RangeError);
  });
});
