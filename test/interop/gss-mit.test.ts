// Our GSS-API, SPNEGO and HTTP Negotiate against MIT krb5's library and curl.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { fileCache } from '@doublehop/kerberos/ccache/file';
import type { Credentials } from '@doublehop/kerberos/credentials';
import {
  type AcceptedContext,
  type AcceptorOptions,
  krb5Acceptor,
} from '@doublehop/kerberos/gss/acceptor';
import type { KerberosContext } from '@doublehop/kerberos/gss/context';
import { GssFlag } from '@doublehop/kerberos/gss/flags';
import { type InitiatorOptions, krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import type { Negotiation } from '@doublehop/kerberos/gss/negotiation';
import { Mechanism } from '@doublehop/kerberos/gss/oids';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { keytabKeys } from '@doublehop/kerberos/gss/service-keys';
import { negotiateClient } from '@doublehop/kerberos/http/negotiate-client';
import { negotiateListener } from '@doublehop/kerberos/http/negotiate-server';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { formatPrincipal, parsePrincipal } from '@doublehop/kerberos/names';
import { spnegoAcceptor } from '@doublehop/kerberos/spnego/acceptor';
import { spnegoInitiator } from '@doublehop/kerberos/spnego/initiator';
import { utf8 } from '@doublehop/wire/bytes';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MitContext, MitGss } from '../peers/gss-mit.ts';
import { type MitKdc, startMitKdc } from '../peers/mit-kdc.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import { run, runOrThrow } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const ETYPES = {
  17: 'aes128-cts-hmac-sha1-96',
  18: 'aes256-cts-hmac-sha1-96',
  19: 'aes128-cts-hmac-sha256-128',
  20: 'aes256-cts-hmac-sha384-192',
} as const;
type Etype = keyof typeof ETYPES;

/** All flags that a checksum negotiates but DELEG. */
const FLAGS = GssFlag.MUTUAL | GssFlag.REPLAY | GssFlag.SEQUENCE | GssFlag.CONF | GssFlag.INTEG;

const PASSWORD = 'Passw0rd.alice';
const random = pooledRandom();
const clock = (): number => Date.now();

const dir = makeTempDir('gss');
const keytab = join(dir, 'services.keytab');
let kdc: MitKdc;
let mit: MitGss;
let ourKeys: AcceptorOptions['keys'];

beforeAll(async () => {
  if (whyMissing('mit', 'gssapi') !== undefined) return;
  kdc = await startMitKdc(join(dir, 'kdc'));
  await kdc.addUser('alice', PASSWORD);
  for (const [etype, name] of Object.entries(ETYPES)) {
    await kdc.kadmin(`addprinc -randkey -e ${name}:normal HTTP/x${etype}.mit.test`);
    // Without it, the session key is of the client's favourite type whatever the service's key is.
    await kdc.kadmin(`setstr HTTP/x${etype}.mit.test session_enctypes ${name}`);
    await kdc.kadmin(`ktadd -k ${keytab} -e ${name}:normal HTTP/x${etype}.mit.test`);
  }
  await runOrThrow('kinit', ['-f', 'alice'], { env: kdc.env, input: `${PASSWORD}\n` });
  ourKeys = keytabKeys(await readKeytab(keytab));
  mit = new MitGss({ ...kdc.env, KRB5_KTNAME: `FILE:${keytab}`, KRB5RCACHEDIR: dir });
});
beforeEach((ctx) => requirePeers(ctx, 'mit', 'gssapi'));
afterAll(async () => {
  mit?.stop();
  await kdc?.stop();
  removeDir(dir);
});

const spnOf = (etype: Etype): string => `HTTP/x${etype}.mit.test`;

/** Credentials for a service out of MIT's cache, which kvno fills. */
async function ticketFor(service: string): Promise<Credentials> {
  await runOrThrow('kvno', [service], { env: kdc.env });
  const cache = fileCache(kdc.env['KRB5CCNAME']?.replace('FILE:', '') ?? '');
  const found = await cache.find({ server: parsePrincipal(service, kdc.realm) });
  if (found === undefined) throw new Error(`no ticket for ${service}`);
  return found;
}

async function initiator(
  etype: Etype,
  options: Partial<InitiatorOptions> = {},
): Promise<() => Negotiation> {
  const credentials = await ticketFor(spnOf(etype));
  expect(credentials.key.etype).toBe(etype);
  return () => krb5Initiator({ credentials, clock, random, ...options });
}

function acceptor(options: Partial<AcceptorOptions> = {}): Negotiation<AcceptedContext> {
  const replayCache = memoryReplayCache();
  return krb5Acceptor({ keys: ourKeys, replayCache, clock, random, ...options });
}

/** Our initiator with MIT's acceptor, until both are done. */
async function towardsMit(ours: Negotiation, theirs: MitContext): Promise<KerberosContext> {
  let { token } = ours.step();
  let complete = false;
  while (token !== undefined) {
    const answer = await theirs.step(token);
    complete = answer.complete;
    token = answer.token === undefined ? undefined : ours.step(answer.token).token;
  }
  if (!complete || ours.context === undefined) throw new Error('no context');
  return ours.context;
}

/** MIT's initiator with our acceptor, until both are done. */
async function fromMit<C extends KerberosContext>(
  theirs: MitContext,
  ours: Negotiation<C>,
): Promise<C> {
  let { token, complete } = await theirs.step();
  while (token !== undefined) {
    const answer = ours.step(token).token;
    if (answer === undefined) break;
    ({ token, complete } = await theirs.step(answer));
  }
  if (!complete || ours.context === undefined) throw new Error('no context');
  return ours.context;
}

/** Messages of several sizes in every form, both ways. */
async function exchange(ours: KerberosContext, theirs: MitContext): Promise<void> {
  for (const size of [0, 1, 15, 16, 17, 5000]) {
    const message = new Uint8Array(size).fill(size);
    for (const seal of [true, false]) {
      const there = await theirs.unwrap(ours.wrap(message, { seal }));
      expect(there).toEqual({ message, sealed: seal });
      const back = ours.unwrap(await theirs.wrap(message, seal));
      expect([back.sealed, Buffer.compare(back.message, message)]).toEqual([seal, 0]);
    }
    await theirs.verify(message, ours.getMic(message));
    ours.verifyMic(message, await theirs.mic(message));
    const { header, data } = ours.wrapSplit(message);
    const joined = await theirs.unwrap(Buffer.concat([header, data]));
    expect(joined).toEqual({ message, sealed: true });
    const iov = await theirs.wrapIov(message);
    expect(iov.header.length).toBe(header.length);
    expect(Buffer.compare(ours.unwrapSplit(iov).message, message)).toBe(0);
  }
  await expect(theirs.verify(utf8('changed'), ours.getMic(utf8('message')))).rejects.toThrow();
}

describe.each([17, 18, 19, 20] as const)('MIT GSS-API, encryption type %i', (etype) => {
  const target = () => `${spnOf(etype)}@${kdc.realm}`;

  test('our initiator, its acceptor', async () => {
    const theirs = await mit.accept();
    const ours = await towardsMit((await initiator(etype))(), theirs);
    expect(ours.key.etype).toBe(etype);
    await exchange(ours, theirs);
  });

  test('its initiator, our acceptor', async () => {
    const theirs = await mit.initiate({ target: target(), mechanism: 'krb5', flags: FLAGS });
    const ours = await fromMit(theirs, acceptor());
    expect(formatPrincipal(ours.peer)).toBe(`alice@${kdc.realm}`);
    expect(formatPrincipal(ours.acceptance.server)).toBe(target());
    expect(ours.flags).toBe(FLAGS);
    expect([ours.key.etype, ours.acceptance.ticketPart.key.keytype]).toEqual([etype, etype]);
    expect(ours.acceptance.pac?.length).toBeGreaterThan(100);
    await exchange(ours, theirs);
  });

  test('one way: no AP-REP, numbers and keys of the initiator', async () => {
    const flags = GssFlag.SEQUENCE | GssFlag.INTEG | GssFlag.CONF;
    const accepting = await mit.accept();
    await exchange(await towardsMit((await initiator(etype, { flags }))(), accepting), accepting);
    const initiating = await mit.initiate({ target: target(), mechanism: 'krb5', flags });
    await exchange(await fromMit(initiating, acceptor()), initiating);
  });

  test('SPNEGO both ways', async () => {
    const accepting = await mit.accept();
    const ours = await towardsMit(spnegoInitiator(await initiator(etype)), accepting);
    await exchange(ours, accepting);
    const initiating = await mit.initiate({ target: target(), mechanism: 'spnego', flags: FLAGS });
    await exchange(
      await fromMit(
        initiating,
        spnegoAcceptor(() => acceptor()),
      ),
      initiating,
    );
  });
});

describe('MIT SPNEGO', () => {
  test.each([
    ['mutual', FLAGS],
    ['one way', FLAGS & ~GssFlag.MUTUAL],
  ])('request-mic where our preferred mechanism is unknown (%s)', async (_name, flags) => {
    const theirs = await mit.accept();
    const offer = ['1.3.6.1.4.1.99999.1', Mechanism.KRB5];
    const start = await initiator(18, { flags });
    await exchange(await towardsMit(spnegoInitiator(start, { offer }), theirs), theirs);
  });

  test('the name that Windows prefers', async () => {
    const theirs = await mit.accept();
    const offer = [Mechanism.MS_KRB5, Mechanism.KRB5, Mechanism.NTLM];
    const start = await initiator(18);
    await exchange(await towardsMit(spnegoInitiator(start, { offer }), theirs), theirs);
  });

  test('its initiator without mutual authentication', async () => {
    const flags = FLAGS & ~GssFlag.MUTUAL;
    const target = `${spnOf(18)}@${kdc.realm}`;
    const theirs = await mit.initiate({ target, mechanism: 'spnego', flags });
    await exchange(
      await fromMit(
        theirs,
        spnegoAcceptor(() => acceptor()),
      ),
      theirs,
    );
  });

  test('our refusal is understood', async () => {
    const target = `${spnOf(18)}@${kdc.realm}`;
    const late = { clock: () => Date.now() + 400_000 };
    for (const mechanism of ['krb5', 'spnego'] as const) {
      const theirs = await mit.initiate({ target, mechanism, flags: FLAGS });
      const { token } = await theirs.step();
      const ours = mechanism === 'krb5' ? acceptor(late) : spnegoAcceptor(() => acceptor(late));
      const refusal: unknown = await Promise.resolve()
        .then(() => ours.step(token))
        .catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'gss', detail: { errorCode: 37 } });
      // Sound: toMatchObject has found it to be a KerberosError with a detail.
      const reply = (refusal as { detail: { token: Uint8Array } }).detail.token;
      await expect(theirs.step(reply)).rejects.toThrow(/skew/iu);
    }
  });
});

describe('MIT: channel bindings', () => {
  const bindings = utf8('tls-server-end-point:0123456789abcdef');
  const channelBindings = { applicationData: bindings };
  const other = utf8('tls-server-end-point:another');

  test('our initiator', async () => {
    const theirs = await mit.accept(bindings);
    const start = await initiator(18, { channelBindings });
    await exchange(await towardsMit(start(), theirs), theirs);
    const strict = await mit.accept(other);
    await expect(towardsMit(start(), strict)).rejects.toThrow(/bindings/iu);
  });

  test('our acceptor', async () => {
    const target = `${spnOf(18)}@${kdc.realm}`;
    const begin = { target, mechanism: 'krb5', flags: FLAGS } as const;
    const options: Partial<AcceptorOptions> = { channelBindings, bindingPolicy: 'required' };
    const ours = await fromMit(await mit.initiate({ ...begin, bindings }), acceptor(options));
    expect(ours.flags & GssFlag.CHANNEL_BOUND).not.toBe(0);
    const wrong = await mit.initiate({ ...begin, bindings: other });
    await expect(fromMit(wrong, acceptor(options))).rejects.toThrow('another channel');
    await expect(fromMit(await mit.initiate(begin), acceptor(options))).rejects.toThrow('channel');
    await fromMit(await mit.initiate(begin), acceptor({ channelBindings }));
  });
});

describe('MIT: delegation', () => {
  test('a TGT that we hand over works for MIT', async () => {
    const delegated = await ticketFor(`krbtgt/${kdc.realm}`);
    const theirs = await mit.accept();
    await towardsMit((await initiator(18, { delegated }))(), theirs);
    const ccache = `FILE:${join(dir, 'delegated-to-mit')}`;
    expect(await theirs.storeDelegated(ccache)).toBe(`alice@${kdc.realm}`);
    await runOrThrow('kvno', [spnOf(20)], { env: { ...kdc.env, KRB5CCNAME: ccache } });
  });

  test('a TGT that MIT hands over works from our cache', async () => {
    const target = `${spnOf(18)}@${kdc.realm}`;
    const flags = FLAGS | GssFlag.DELEG;
    const theirs = await mit.initiate({ target, mechanism: 'spnego', flags });
    const { delegated } = (
      await fromMit(
        theirs,
        spnegoAcceptor(() => acceptor()),
      )
    ).acceptance;
    if (delegated === undefined) throw new Error('nothing was delegated');
    expect(formatPrincipal(delegated.client)).toBe(`alice@${kdc.realm}`);
    const path = join(dir, 'delegated-to-us');
    await fileCache(path).initialize(delegated.client);
    await fileCache(path).store(delegated);
    const env = { ...kdc.env, KRB5CCNAME: `FILE:${path}` };
    await runOrThrow('kvno', [spnOf(20)], { env });
    expect((await runOrThrow('klist', ['-f'], { env })).match(/Flags: F/u)).not.toBeNull();
  });
});

describe('HTTP Negotiate', () => {
  async function withService(body: (url: string, port: number) => Promise<void>): Promise<void> {
    const options = { keys: ourKeys, replayCache: memoryReplayCache(), clock, random };
    const server = createServer(
      { maxHeaderSize: 65_536 },
      negotiateListener(options, (_request, response, { principal, delegated }) => {
        const more = delegated === undefined ? '' : ` delegated ${delegated.server.realm}`;
        response.end(`hello ${formatPrincipal(principal)}${more}\n`);
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // Sound: a server that listens on TCP has an address and a port.
    const { port } = server.address() as AddressInfo;
    try {
      await body(`http://x18.mit.test:${port}/`, port);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test('curl --negotiate', async (ctx) => {
    requirePeers(ctx, 'curl');
    await withService(async (url, port) => {
      const resolve = ['--resolve', `x18.mit.test:${port}:127.0.0.1`, '--silent', '--show-error'];
      const curl = (...more: string[]) =>
        run('/usr/bin/curl', [...resolve, ...more], { env: kdc.env });
      const negotiate = ['--negotiate', '--user', ':'];
      const twice = await curl(...negotiate, '--write-out', '%{http_code}\n', url, url);
      const hello = `hello alice@${kdc.realm}\n200\n`;
      expect(twice.stdout, twice.stderr).toBe(hello + hello);
      const delegating = await curl(...negotiate, '--delegation', 'always', url);
      expect(delegating.stdout).toBe(`hello alice@${kdc.realm} delegated ${kdc.realm}\n`);
      const without = await curl('--include', url);
      expect(without.stdout).toMatch(/^HTTP\/1.1 401 .*WWW-Authenticate: Negotiate\r\n/su);
      expect(without.stdout).toContain('Get a ticket');
    });
  });

  test('our client with tickets of MIT', async () => {
    await withService(async (url) => {
      const client = negotiateClient({
        getServiceTicket: (spn) => ticketFor(spn),
        clock,
        random,
        lookup: (_host, { all }, callback) =>
          all === true
            ? callback(null, [{ address: '127.0.0.1', family: 4 }])
            : callback(null, '127.0.0.1', 4),
      });
      const { status, body, context } = await client.fetch(url);
      expect([status, Buffer.from(body).toString()]).toEqual([200, `hello alice@${kdc.realm}\n`]);
      expect(context?.peer.name.nameString).toEqual(['HTTP', 'x18.mit.test']);
    });
  });
});
