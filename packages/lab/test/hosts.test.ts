import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import type { NegotiateIdentity } from '@doublehop/kerberos/http/negotiate-server';
import { negotiateClient } from '@doublehop/kerberos/http/negotiate-client';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { fromUtf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { labControl, labPurge } from '../src/control/client.ts';
import { type ControlRequest, parseRequest } from '../src/control/protocol.ts';
import { type ControlServer, listenControl } from '../src/control/server.ts';
import { LabError } from '../src/errors.ts';
import { makeFolders } from '../src/folder/files.ts';
import { labPaths } from '../src/folder/paths.ts';
import { refusalOf } from '../src/hosts/answers.ts';
import { type Host, isWhoAmI } from '../src/hosts/host.ts';
import { identityOf } from '../src/hosts/identity.ts';
import { lookupOf } from '../src/hosts/lookup.ts';
import { perform } from '../src/hosts/perform.ts';
import { listenWeb, type WebService } from '../src/hosts/web-service.ts';
import { MAX_CONTROL_LINE } from '../src/limits.ts';
import { CONTOSO, findHost, fullName } from '../src/scenario.ts';
import { MINUTE, NOW, REALM, TestDomain } from './support/domain.ts';

const NAMES = ['ServerA', 'ServerB', 'ServerC'];
const ADDRESS = '127.0.0.1';

let domain: TestDomain;
let hosts: Map<string, Host>;
let services: Map<string, WebService>;

function host(name: string): Host {
  const found = hosts.get(findHost(CONTOSO, name).name);
  if (found === undefined) throw new LabError('unknown-host', `${name} does not run`);
  return found;
}

const findTarget = (wanted: string) => {
  const { name } = host(wanted);
  return { name, address: ADDRESS, port: services.get(name)?.port ?? 0 };
};

beforeEach(async () => {
  domain = await TestDomain.make();
  hosts = new Map(NAMES.map((name) => [name, domain.host(name)]));
  services = new Map();
  for (const [name, each] of hosts) {
    const where = { address: ADDRESS, port: 0 };
    services.set(name, await listenWeb(each, where, findTarget, domain.system));
  }
});

afterEach(async () => {
  for (const service of services.values()) await service.close();
});

/** `GET path` at a host as somebody; JSON where it is JSON. */
async function get(client: KerberosClient, name: string, path: string, method = 'GET') {
  const { clock, random } = domain.system;
  const web = negotiateClient({
    getServiceTicket: (spn) => client.getServiceTicket(parsePrincipal(spn, REALM)),
    lookup: lookupOf(ADDRESS),
    clock,
    random,
  });
  const url = `http://${fullName(CONTOSO, name)}:${findTarget(name).port}${path}`;
  const { status, headers, body } = await web.fetch(url, { method });
  const text = fromUtf8(body);
  const isJson = headers['content-type'] === 'application/json';
  return { status, answer: isJson ? (JSON.parse(text) as unknown) : text };
}

/** A plain request without a ticket. */
function plain(name: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; challenge: string }>((resolve, reject) => {
    const { port } = findTarget(name);
    const sent = request({ host: ADDRESS, port, headers, agent: false }, (response) => {
      response.resume();
      const { statusCode = 0, headers: fields } = response;
      resolve({ status: statusCode, challenge: fields['www-authenticate'] ?? '' });
    });
    sent.once('error', reject).end();
  });
}

describe('the web service of a host', () => {
  test('/ and /whoami tell whom the PAC names (MS-PAC 2.5)', async () => {
    const alice = await domain.person('alice');
    const { sid } = domain.account('alice');
    expect((await get(alice, 'ServerB', '/')).answer).toBe('You are CONTOSO\\alice on ServerB\n');
    const { status, answer } = await get(alice, 'ServerB', '/whoami');
    expect({ status, answer }).toEqual({
      status: 200,
      answer: {
        host: 'ServerB',
        service: 'HTTP/serverb.contoso.com',
        user: 'CONTOSO\\alice',
        principal: 'alice@CONTOSO.COM',
        sid,
        // Domain Users, and: authenticated by herself (MS-SFU 3.2.5.1.2).
        groups: [sid.replace(/\d+$/u, '513'), 'S-1-5-21-0-0-0-497', 'S-1-18-1'],
        via: [],
      },
    });
    expect(isWhoAmI(answer)).toBe(true);
  });

  test('/hop reaches the target as the user, through the middle', async () => {
    await domain.grant('ServerC', 'ServerB');
    const alice = await domain.person('alice');
    for (const kind of ['HTTP', 'cifs']) {
      const path = `/hop?target=serverc&service=${kind}`;
      expect(await get(alice, 'ServerB', path)).toMatchObject({
        status: 200,
        answer: {
          middle: 'ServerB',
          user: 'CONTOSO\\alice',
          target: 'ServerC',
          saw: {
            host: 'ServerC',
            service: `${kind}/serverc.contoso.com`,
            user: 'CONTOSO\\alice',
            via: ['HTTP/serverb.contoso.com@CONTOSO.COM'],
          },
        },
      });
    }
    // The network logons ended with their requests.
    expect(host('ServerB').lsa.sessions()).toHaveLength(2);
  });

  test('a refused hop says why, and until when it is repeated', async () => {
    const alice = await domain.person('alice');
    const negativeUntil = new Date(NOW + 15 * MINUTE).toISOString();
    const refusal = { error: 'KDC_ERR_BADOPTION', code: 13, ntstatus: 'STATUS_NOT_FOUND' };
    for (const repeated of [false, true]) {
      expect(await get(alice, 'ServerB', '/hop?target=ServerC')).toMatchObject({
        status: 403,
        answer: { ...refusal, repeated, negativeUntil },
      });
    }
    expect(host('ServerB').lsa.sessions()).toHaveLength(2);
  });

  test.for([
    ['bob', 'STATUS_ACCOUNT_RESTRICTION'],
    ['carol', 'STATUS_ACCOUNT_RESTRICTION'],
  ] as const)('%s cannot be delegated: %s', async ([name, ntstatus]) => {
    await domain.grant('ServerC', 'ServerB');
    const person = await domain.person(name);
    const { status, answer } = await get(person, 'ServerB', '/hop?target=ServerC');
    expect({ status, answer }).toMatchObject({ status: 403, answer: { code: 13, ntstatus } });
  });

  test('a KDC that is away is no refusal', async () => {
    const alice = await domain.person('alice');
    await get(alice, 'ServerB', '/');
    domain.reachable = false;
    const { status, answer } = await get(alice, 'ServerB', '/hop?target=ServerC');
    expect({ status, answer }).toMatchObject({
      status: 502,
      answer: { error: 'kdc-unreachable', repeated: false },
    });
  });

  test.for([
    ['/hop', 400],
    ['/hop?target=ServerC&service=a/b', 400],
    ['/hop?target=example.com', 404],
    ['/hop?target=127.0.0.1:80', 404],
    ['/other', 404],
  ] as const)('%s is answered %i', async ([path, status]) => {
    const alice = await domain.person('alice');
    expect((await get(alice, 'ServerB', path)).status).toBe(status);
  });

  test('only GET is understood', async () => {
    const alice = await domain.person('alice');
    expect((await get(alice, 'ServerB', '/whoami', 'POST')).status).toBe(405);
  });

  test('without a ticket, or with one for somebody else, 401', async () => {
    expect(await plain('ServerB')).toEqual({ status: 401, challenge: 'Negotiate' });
    const refused = await plain('ServerB', { authorization: 'Negotiate YII=' });
    expect(refused).toEqual({ status: 401, challenge: 'Negotiate' });
    expect(domain.log.some((line) => line.startsWith('ServerB: a caller was refused'))).toBe(true);
    const alice = await domain.person('alice');
    const { clock, random } = domain.system;
    const ticket = await alice.getServiceTicket(parsePrincipal('HTTP/servera.contoso.com', REALM));
    const lookup = lookupOf(ADDRESS);
    const client = negotiateClient({ getServiceTicket: async () => ticket, clock, random, lookup });
    const call = client.fetch(`http://serverb.contoso.com:${findTarget('ServerB').port}/`);
    await expect(call).rejects.toMatchObject({ code: 'http' });
  });

  test('a port that somebody has is told of', async () => {
    const { port } = findTarget('ServerA');
    const where = { address: ADDRESS, port };
    const taken = listenWeb(host('ServerB'), where, findTarget, domain.system);
    await expect(taken).rejects.toMatchObject({ code: 'address' });
  });
});

describe('the identity in a ticket (MS-PAC 2.8.1)', () => {
  /** What ServerB's service sees of alice's ticket. */
  async function seen(): Promise<NegotiateIdentity> {
    const alice = await domain.person('alice');
    let identity: NegotiateIdentity | undefined;
    const whoAmI = host('ServerB').whoAmI.bind(host('ServerB'));
    Object.assign(host('ServerB'), {
      whoAmI(caller: NegotiateIdentity) {
        identity = caller;
        return whoAmI(caller);
      },
    });
    await get(alice, 'ServerB', '/whoami');
    if (identity === undefined) throw new Error('nobody was seen');
    return identity;
  }

  test('a PAC that was changed, is for another host, or is missing names nobody', async () => {
    const caller = await seen();
    const { keys } = host('ServerB');
    expect(identityOf(caller, keys).user).toBe('CONTOSO\\alice');
    const pac = caller.pac ?? new Uint8Array(0);
    for (const at of [pac.length >> 2, pac.length >> 1, pac.length - 1]) {
      const changed = pac.map((byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => identityOf({ ...caller, pac: changed }, keys)).toThrow(LabError);
    }
    expect(() => identityOf(caller, host('ServerC').keys)).toThrow(/this host's signature/u);
    expect(() => identityOf({ ...caller, pac: undefined }, keys)).toThrow(/has no PAC/u);
    expect(() => identityOf({ ...caller, pac: pac.subarray(0, 40) }, keys)).toThrow(LabError);
  });
});

describe('refusals', () => {
  test('defects tell nothing but their words', () => {
    expect(refusalOf(new Error('x'))).toEqual({ error: 'failed', words: 'x', repeated: false });
    expect(refusalOf('x')).toEqual({ error: 'failed', words: 'x', repeated: false });
    const usage = refusalOf(new LabError('usage', 'x'));
    expect(usage).toEqual({ error: 'usage', words: 'x', repeated: false });
  });
});

describe('the control protocol', () => {
  const REQUESTS: readonly ControlRequest[] = [
    { command: 'klist', host: 'ServerB', li: 0x3e7 },
    { command: 'purge', host: 'ServerB', li: 0x3e7 },
    { command: 'sessions', host: 'ServerB' },
    { command: 'restart', host: 'ServerB' },
    { command: 'clock', host: 'ServerB', seconds: 900 },
    { command: 'logon', host: 'ServerA', user: 'alice', password: 'Passw0rd.alice' },
    { command: 'logoff', host: 'ServerA', li: 5 },
    { command: 'call', host: 'ServerA', li: 5, target: 'ServerB' },
  ];

  test('every command is read back; a missing field makes it none', () => {
    for (const one of REQUESTS) {
      expect(parseRequest(JSON.stringify(one))).toEqual(one);
      for (const field of Object.keys(one)) {
        const rest = Object.entries(one).filter(([name]) => name !== field);
        expect(parseRequest(JSON.stringify(Object.fromEntries(rest)))).toBeUndefined();
      }
    }
    const odd = [{ seconds: -1 }, { seconds: 1e12 }, { seconds: '1' }];
    for (const change of odd) {
      const text = JSON.stringify({ command: 'clock', host: 'ServerB', ...change });
      expect(parseRequest(text)).toBeUndefined();
    }
  });

  test('whatever comes in a line is a request or none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(parseRequest(line)).toBeUndefined();
      }),
    );
  });

  describe('on its socket', () => {
    let dir = '';
    let server: ControlServer;

    beforeEach(async () => {
      dir = mkdtempSync(join(tmpdir(), 'doublehop-control-'));
      const paths = labPaths(dir);
      await makeFolders(paths);
      const all = { scenario: CONTOSO, find: host, findTarget };
      server = await listenControl(paths.hostsSocket, (one) => perform(all, one));
    });

    afterEach(async () => {
      await server.close();
      rmSync(dir, { recursive: true });
    });

    /** What comes back for raw octets. */
    function raw(text: string): Promise<string> {
      return new Promise((resolve) => {
        let reply = '';
        const socket = connect(labPaths(dir).hostsSocket, () => socket.write(text));
        socket.setEncoding('utf8').on('data', (chunk: string) => {
          reply += chunk;
        });
        socket.on('error', () => undefined).on('close', () => resolve(reply));
      });
    }

    test('only its owner may use it', () => {
      expect(statSync(labPaths(dir).hostsSocket).mode & 0o777).toBe(0o600);
    });

    test('sessions, logon, call, klist, purge, logoff', async () => {
      const logon = { host: 'servera', user: 'alice', password: 'Passw0rd.alice' };
      const { li, host: name } = await labControl<'logon'>(dir, { command: 'logon', ...logon });
      const call = { command: 'call', host: name, li, target: 'SERVERB$' } as const;
      const answer = await labControl<'call'>(dir, call);
      expect(answer).toMatchObject({ host: 'ServerB', user: 'CONTOSO\\alice' });
      const { sessions } = await labControl<'sessions'>(dir, { command: 'sessions', host: name });
      expect(sessions.map(({ user, type }) => `${user} ${type}`)).toEqual([
        'SYSTEM service',
        'NETWORK SERVICE service',
        'alice@CONTOSO.COM interactive',
      ]);
      const klist = await labControl<'klist'>(dir, { command: 'klist', host: name, li });
      expect(klist.tickets).toHaveLength(2);
      expect(await labPurge(dir, name, li)).toEqual({ host: 'ServerA', tickets: 2, negative: 0 });
      await labControl<'logoff'>(dir, { command: 'logoff', host: name, li });
      await expect(labPurge(dir, name, li)).rejects.toMatchObject({ code: 'unknown-session' });
    });

    test('clock and restart', async () => {
      const alice = await domain.person('alice');
      const hop = async () => (await get(alice, 'ServerB', '/hop?target=ServerC')).answer;
      await hop();
      expect(await hop()).toMatchObject({ repeated: true });
      await labControl<'clock'>(dir, { command: 'clock', host: 'ServerB', seconds: 900 });
      expect(await hop()).toMatchObject({ repeated: false });
      expect(await hop()).toMatchObject({ repeated: true });
      await labControl<'restart'>(dir, { command: 'restart', host: 'ServerB' });
      expect(await hop()).toMatchObject({ repeated: false });
      expect(await labPurge(dir, 'ServerB')).toMatchObject({ negative: 1 });
    });

    test('what a host refuses comes back as an error with its code', async () => {
      const wrong = { command: 'logon', host: 'ServerA', user: 'alice', password: 'no' } as const;
      await expect(labControl<'logon'>(dir, wrong)).rejects.toMatchObject({ code: 'refused' });
      const nobody = labPurge(dir, 'ServerX');
      await expect(nobody).rejects.toMatchObject({ code: 'unknown-host' });
    });

    test('what is no request, or has no end, is answered with an error', async () => {
      const understood = '"code":"control"';
      expect(await raw('hello\n')).toContain(understood);
      expect(await raw('\n')).toContain(understood);
      expect(await raw('x'.repeat(MAX_CONTROL_LINE + 1))).toContain(understood);
      // The socket is as good as before.
      expect(await labPurge(dir, 'ServerB')).toMatchObject({ host: 'ServerB' });
    });
  });

  test('without a hosts process there is no lab', async () => {
    const missing = labPurge(join(tmpdir(), 'no-such-lab'), 'ServerB');
    await expect(missing).rejects.toMatchObject({ code: 'no-lab' });
  });
});
