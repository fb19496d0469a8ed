import { connect } from 'node:net';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostQuery } from '../src/hosts/query.ts';
import type { HostSession } from '../src/sessions/host-session.ts';
import { openPasswordSession, openVirtualSession } from '../src/sessions/open-session.ts';
import { decodeQuery, decodeReply, encodeQuery, readAnswer } from '../src/shares/query-protocol.ts';
import { askComputer, withShare } from '../src/shares/redirector.ts';
import { arrive, passwordOf } from './support/callers.ts';
import { labError, NOW, MINUTE, REALM, TestDomain } from './support/domain.ts';
import { TestHosts } from './support/hosts.ts';

const NOT_FOUND = 0xc000_0225;
const ACCESS_DENIED = 0xc000_0022;

let domain: TestDomain;
let hosts: TestHosts;

beforeEach(async () => {
  domain = await TestDomain.make();
  hosts = await TestHosts.start(domain, ['ServerB', 'ServerC']);
});
afterEach(async () => hosts.close());

const isThere = (session: HostSession, path: string, server = 'ServerC') =>
  withShare(session, server, 'C$', (share) => share.exists(path));

async function loggedOn(name: string): Promise<HostSession> {
  const user = parsePrincipal(name, REALM);
  const logon = { user, password: passwordOf(name), type: 'network-cleartext' } as const;
  return openPasswordSession(hosts.get('ServerB'), logon);
}

describe('C$ of another computer', () => {
  test('with a ticket of S4U: alice is an administrator of ServerC', async () => {
    await domain.grant('ServerC', 'ServerB');
    const session = await arrive(domain, hosts.get('ServerB'), 'alice');
    expect(await isThere(session, '')).toBe(true);
    expect(await isThere(session, String.raw`Windows\win.ini`)).toBe(true);
    expect(await isThere(session, 'nowhere')).toBe(false);
    const names = await withShare(session, 'ServerC', 'C$', (share) => share.list(''));
    expect(names.map(({ name }) => name)).toContain('Users');
  });

  test('without a grant: access is denied, and the cause is the KDC', async () => {
    const session = await arrive(domain, hosts.get('ServerB'), 'alice');
    const error = await labError(isThere(session, ''));
    expect(error).toMatchObject({
      code: 'access-denied',
      message: 'Access is denied',
      detail: { leg: 's4u2proxy', ntStatus: NOT_FOUND, until: NOW + 15 * MINUTE },
    });
    expect(domain.log).toEqual([]);
  });

  test('a virtual account comes as the computer, which is no administrator there', async () => {
    const session = openVirtualSession(hosts.get('ServerB'), (await loggedOn('alice')).identity);
    const error = await labError(isThere(session, ''));
    expect(error).toMatchObject({ code: 'access-denied', detail: { ntStatus: ACCESS_DENIED } });
    expect(error.detail.leg).toBeUndefined();
    hosts.get('ServerC').localGroups.addAdministrator(String.raw`CONTOSO\SERVERB$`);
    expect(await isThere(session, '')).toBe(true);
    expect(hosts.get('ServerC').localGroups.removeAdministrator('SERVERB$')).toBe(true);
    expect((await labError(isThere(session, ''))).code).toBe('access-denied');
  });

  test('somebody who administers nothing is refused by the share', async () => {
    hosts.get('ServerC').localGroups.removeAdministrator('alice');
    const error = await labError(isThere(await loggedOn('alice'), ''));
    expect(error.detail).toMatchObject({ ntStatus: ACCESS_DENIED });
    expect(await isThere(await loggedOn('Administrator'), '')).toBe(true);
  });

  test('a computer, a share, a server that is not there', async () => {
    const session = await loggedOn('alice');
    expect((await labError(isThere(session, '', 'nowhere'))).code).toBe('not-found');
    const share = withShare(session, 'ServerC', 'D$', (found) => found.exists(''));
    expect((await labError(share)).code).toBe('not-found');
    await hosts.stop('ServerC');
    expect((await labError(isThere(session, ''))).code).toBe('not-found');
  });

  test('a KDC that cannot be reached: access is denied', async () => {
    const session = await loggedOn('alice');
    domain.reachable = false;
    expect((await labError(isThere(session, ''))).code).toBe('access-denied');
  });

  test('a client that leaves before the program is loaded is nobody', async () => {
    const socket = connect(hosts.port('ServerC'), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.resetAndDestroy();
    expect(await isThere(await loggedOn('alice'), '')).toBe(true);
  });
});

describe('questions to another computer', () => {
  test('an administrator hears of processes, services and the log', async () => {
    const session = await loggedOn('alice');
    const names = (pattern: string) => ({ names: [pattern] });
    const found = await askComputer(session, 'ServerC', { query: 'processes', ...names('ls*') });
    expect(found.map(({ name }) => name)).toEqual(['lsass']);
    const [winrm] = await askComputer(session, 'ServerC', { query: 'services', ...names('winrm') });
    expect(winrm?.startName).toBe(String.raw`NT AUTHORITY\NetworkService`);
    const events = { query: 'events', log: 'system', sources: [], entryTypes: [] } as const;
    const newest = await askComputer(session, 'ServerC', { ...events, newest: 2 });
    expect(newest).toHaveLength(2);
    expect((newest[0]?.index ?? 0) - (newest[1]?.index ?? 0)).toBe(1);
    const unknown = askComputer(session, 'ServerC', { ...events, log: 'nothing' });
    expect((await labError(unknown)).code).toBe('not-found');
  });

  test('others hear that access is denied', async () => {
    hosts.get('ServerC').localGroups.removeAdministrator('alice');
    const session = await loggedOn('alice');
    const queries: readonly HostQuery[] = [
      { query: 'processes', names: [] },
      { query: 'services', names: [] },
      { query: 'events', log: 'System', sources: [], entryTypes: [] },
      { query: 'restart' },
    ];
    for (const query of queries) {
      const error = await labError(askComputer(session, 'ServerC', query));
      expect(error).toMatchObject({ code: 'access-denied', detail: { ntStatus: ACCESS_DENIED } });
    }
  });

  test('a program of an evidence session may not ask; the redirector may', async () => {
    await domain.grant('ServerC', 'ServerB');
    const session = await arrive(domain, hosts.get('ServerB'), 'alice');
    const query = { query: 'services', names: ['winrm'] } as const;
    expect(await askComputer(session, 'ServerC', query)).toHaveLength(1);
    const error = await labError(askComputer(session, 'ServerC', query, 'in-session'));
    expect(error).toMatchObject({ code: 'no-credentials', detail: { hresult: 0x8009_030e } });
  });

  test('a restart ends the sessions of the computer', async () => {
    const there = await arrive(domain, hosts.get('ServerC'), 'alice');
    await askComputer(await loggedOn('alice'), 'ServerC', { query: 'restart' });
    expect(there.isOpen).toBe(false);
    expect(hosts.get('ServerC').sessions.size).toBe(0);
  });
});

describe('the messages of the pipe', () => {
  test.for<HostQuery>([
    { query: 'processes', names: ['a', 'b*'] },
    { query: 'events', log: 'System', newest: 3, sources: [], entryTypes: ['Error'] },
    { query: 'status' },
    { query: 'restart' },
  ])('%j goes and comes', (query) => {
    expect(decodeQuery(encodeQuery(query))).toEqual(query);
  });

  test.for([
    '',
    '{}',
    '{"query":"processes"}',
    '{"query":"processes","names":[1]}',
    '{"query":"events","log":"System","newest":-1,"sources":[],"entryTypes":[]}',
    '{"query":"format"}',
  ])('%j is no question', (text) => {
    expect(decodeQuery(utf8(text))).toBeUndefined();
  });

  test('any octets are a message or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        expect(decodeQuery(octets)).toBeUndefined();
        expect(decodeReply(octets)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        decodeQuery(utf8(JSON.stringify(value)));
        decodeReply(utf8(JSON.stringify(value)));
      }),
    );
  });

  test('an answer must have the fields of its kind', () => {
    expect(readAnswer('status', { booted: 1, running: ['WinRM'] })).toBeDefined();
    expect(readAnswer('status', { booted: '1', running: [] })).toBeUndefined();
    expect(readAnswer('services', [{ name: 'WinRM' }])).toBeUndefined();
    expect(readAnswer('processes', 'none')).toBeUndefined();
  });
});
