import { afterEach, describe, expect, test } from 'vitest';
import { utf8 } from '@doublehop/wire/bytes';
import { textOf } from '../src/client/entry.ts';
import type { ClientItem } from '../src/client/types.ts';
import { LdapError } from '../src/errors.ts';
import { collect, startServer } from './support/harness.ts';

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

function dns(items: readonly ClientItem[]): readonly string[] {
  return items.map((item) => (item.kind === 'entry' ? item.dn : item.uris.join(' ')));
}

async function failure(work: Promise<unknown>): Promise<LdapError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof LdapError) return error;
  throw new Error('expected an LdapError', { cause: error });
}

describe('RFC 4511 §4.5 search', () => {
  test('entries with their attributes, in order, and the result', async () => {
    const client = await (await start()).client();
    const { items, result } = await collect(
      client.search({ base: 'dc=example', filter: '(|(uid=alice)(uid=bob))' }),
    );
    expect(dns(items)).toEqual(['uid=alice,dc=example', 'uid=bob,dc=example']);
    const [first] = items;
    expect(first?.kind === 'entry' && textOf(first, 'SN')).toBe('A');
    expect(result).toEqual({ message: '', controls: [] });
  });

  test('the rootDSE is a base search of the zero-length DN (RFC 4512 §5.1)', async () => {
    const client = await (await start()).client();
    const { items } = await collect(client.search({ base: '', scope: 'base' }));
    const [entry] = items;
    expect(items).toHaveLength(1);
    expect(entry?.kind === 'entry' && textOf(entry, 'namingContexts')).toBe('dc=example');
  });

  test('a size limit ends it after that many entries (§4.5.1.4)', async () => {
    const { client, handler } = await start();
    const connection = await client();
    const seen: ClientItem[] = [];
    const work = (async () => {
      for await (const item of connection.search({ base: 'dc=example', sizeLimit: 2 })) {
        seen.push(item);
      }
    })();
    expect((await failure(work)).code).toBe('sizeLimitExceeded');
    expect(seen).toHaveLength(2);
    expect(handler.released).toBe(1);
  });

  test('a time limit ends it (§4.5.1.5)', async () => {
    const { client, handler } = await start({ limits: { searchTimeout: 50 } });
    const connection = await client();
    const work = collect(connection.search({ base: 'endless' }));
    expect((await failure(work)).code).toBe('timeLimitExceeded');
    expect(handler.released).toBe(1);
  });

  test('so it does one that finds nothing, and others are answered meanwhile', async () => {
    const { client } = await start({ limits: { searchTimeout: 50 } });
    const connection = await client();
    const fruitless = failure(collect(connection.search({ base: 'fruitless' })));
    const { items } = await collect(connection.search({ base: '', scope: 'base' }));
    expect(items).toHaveLength(1);
    expect((await fruitless).code).toBe('timeLimitExceeded');
  });

  test('noSuchObject comes with matchedDN and text', async () => {
    const client = await (await start()).client();
    const error = await failure(collect(client.search({ base: 'dc=nowhere' })));
    expect(error).toMatchObject({ code: 'noSuchObject', message: 'not here', resultCode: 32 });
    expect(error.matchedDn).toBe('dc=example');
  });

  test('references and referrals are surfaced, not followed (§4.1.10, §4.5.3)', async () => {
    const client = await (await start()).client();
    const items: ClientItem[] = [];
    const work = (async () => {
      for await (const item of client.search({ base: 'refer' })) items.push(item);
    })();
    const error = await failure(work);
    expect(dns(items)).toEqual(['ldap://elsewhere/']);
    expect(error.code).toBe('referral');
    expect(error.referrals).toEqual(['ldap://there/', 'ldap://or-there/']);
  });

  test('leaving the loop abandons it (§4.11); the connection lives on', async () => {
    const { client, handler, event } = await start();
    const connection = await client();
    for await (const item of connection.search({ base: 'endless' })) {
      expect(item.kind).toBe('entry');
      break;
    }
    await event('operation', ({ code }) => code === 'abandoned');
    expect(handler.released).toBe(1);
    expect(await connection.compare('uid=bob,dc=example', 'uid', 'bob')).toBe(true);
  });

  test('an aborted signal abandons it', async () => {
    const { client, event } = await start();
    const connection = await client();
    const controller = new AbortController();
    let count = 0;
    const work = (async () => {
      for await (const item of connection.search({ base: 'endless', signal: controller.signal })) {
        count += item.kind === 'entry' ? 1 : 0;
        if (count === 3) controller.abort();
      }
    })();
    expect((await failure(work)).code).toBe('userCancelled');
    await event('operation', ({ code }) => code === 'abandoned');
    const early = collect(connection.search({ base: 'endless', signal: controller.signal }));
    expect((await failure(early)).code).toBe('userCancelled');
  });

  test('searches run side by side, one inside the other', async () => {
    const client = await (await start()).client();
    let inner = 0;
    let outer = 0;
    for await (const item of client.search({ base: 'endless' })) {
      expect(item.kind).toBe('entry');
      const found = await collect(client.search({ base: 'dc=example', filter: '(uid=bob)' }));
      inner += found.items.length;
      outer += 1;
      if (outer === 20) break;
    }
    expect(inner).toBe(20);
  });

  test('paged results fetch everything page by page (RFC 2696)', async () => {
    const { client, handler, events } = await start();
    for (let i = 0; i < 40; i += 1) handler.put(`cn=${i},dc=example`, { objectClass: ['x'] });
    const connection = await client();
    const { items } = await collect(connection.searchAll({ base: 'dc=example', pageSize: 10 }));
    expect(items).toHaveLength(43);
    expect(new Set(dns(items)).size).toBe(43);
    const pages = events.filter((event) => event.kind === 'operation');
    expect(pages.map((event) => event.entries)).toEqual([10, 10, 10, 10, 3]);
  });
});

describe('RFC 4511 §4.6 to §4.12 updates, compare, extended', () => {
  test('add, modify, compare, modifyDN, delete', async () => {
    const { client, handler } = await start();
    const connection = await client();
    await connection.add('cn=new,dc=example', { objectClass: 'person', cn: ['new', 'newer'] });
    await connection.modify('cn=new,dc=example', [
      { operation: 'replace', attribute: 'description', values: ['one', utf8('two')] },
      { operation: 'delete', attribute: 'cn' },
    ]);
    expect(await connection.compare('cn=new,dc=example', 'description', 'two')).toBe(true);
    expect(await connection.compare('cn=new,dc=example', 'description', 'three')).toBe(false);
    await connection.modifyDn('cn=new,dc=example', { newRdn: 'cn=newest' });
    expect(handler.entries.has('cn=newest,dc=example')).toBe(true);
    await connection.delete('cn=newest,dc=example');
    expect(handler.entries.has('cn=newest,dc=example')).toBe(false);
    expect(await failure(connection.delete('cn=newest,dc=example'))).toMatchObject({
      code: 'noSuchObject',
    });
  });

  test('writes of one connection keep their order', async () => {
    const { client, handler } = await start();
    const connection = await client();
    await Promise.all([
      connection.add('cn=slow,dc=example', {}),
      connection.add('cn=quick,dc=example', {}),
      connection.modify('cn=slow,dc=example', []),
    ]);
    expect(handler.journal).toEqual([
      'add cn=slow,dc=example',
      'add cn=quick,dc=example',
      'modify cn=slow,dc=example',
    ]);
  });

  test('writes that a handler queues begin together; what it does not, between them', async () => {
    const { client, handler } = await start();
    const begun: string[] = [];
    let release = (): void => undefined;
    const durable = new Promise<void>((resolve) => (release = resolve));
    handler.queues = ({ kind }) => kind === 'addRequest';
    handler.add = async (_session, { entry }) => {
      begun.push(entry);
      if (begun.length === 2) release();
      await durable;
    };
    const connection = await client();
    const remove = handler.delete.bind(handler);
    handler.delete = (session, dn) => {
      begun.push(`delete ${dn}`);
      return remove(session, dn);
    };
    await Promise.all([
      connection.add('cn=first,dc=example', {}),
      // The first one ends only because this one begins.
      connection.add('cn=second,dc=example', {}),
      connection.delete('uid=bob,dc=example'),
      connection.add('cn=third,dc=example', {}),
    ]);
    expect(begun).toEqual([
      'cn=first,dc=example',
      'cn=second,dc=example',
      'delete uid=bob,dc=example',
      'cn=third,dc=example',
    ]);
  });

  test('an unknown exception becomes `other` without its text; all goes on', async () => {
    const { client, event } = await start();
    const connection = await client();
    const error = await failure(collect(connection.search({ base: 'throw' })));
    expect(error).toMatchObject({ code: 'other', message: 'internal error' });
    expect((await event('error')).error).toBeInstanceOf(TypeError);
    expect(await connection.compare('uid=bob,dc=example', 'uid', 'bob')).toBe(true);
  });

  test('extended operations: known, unknown, Who am I? (RFC 4532)', async () => {
    const client = await (await start()).client();
    const done = await client.extended('1.2.3.4', utf8('hello'));
    expect(done).toMatchObject({ name: '1.2.3.4', value: utf8('hello') });
    expect((await failure(client.extended('1.2.3.5'))).code).toBe('protocolError');
    expect(await client.whoAmI()).toBe('');
  });

  test('unrecognised controls fail only where critical (§4.1.11)', async () => {
    const client = await (await start()).client();
    const control = (critical: boolean) => ({ controls: [{ type: '9.9.9', critical }] });
    await client.modify('uid=bob,dc=example', [], control(false));
    const work = client.modify('uid=bob,dc=example', [], control(true));
    expect((await failure(work)).code).toBe('unavailableCriticalExtension');
    const { items } = await collect(client.search({ base: 'dc=example', ...control(false) }));
    expect(items).toHaveLength(3);
  });
});

describe('the client', () => {
  test('says what happened when the connection is lost', async () => {
    const { client, server } = await start({ limits: { closeTimeout: 10 } });
    const connection = await client();
    const search = connection.search({ base: 'endless' });
    await search.next();
    await server.close();
    const error = await failure(collect(search));
    expect(error.code).toBe('serverDown');
    expect((await failure(connection.whoAmI())).code).toBe('serverDown');
  });

  test('is told of a shutdown by the notice of disconnection (§4.4.1)', async () => {
    const { client, server } = await start();
    const connection = await client();
    await connection.whoAmI();
    await server.close();
    const error = await failure(connection.whoAmI());
    expect(error.message).toBe('the server disconnected: the server is shutting down');
  });

  test('times out', async () => {
    const { client } = await start();
    const connection = await client();
    const work = connection.add('cn=slow,dc=example', {}, { timeout: 5 });
    expect((await failure(work)).code).toBe('timeout');
  });

  test('refuses what is not a URL, and reports what does not answer', async () => {
    const { client } = await start();
    expect((await failure(client({ url: 'http://x' }))).code).toBe('paramError');
    expect((await failure(client({ url: 'ldap://127.0.0.1:1' }))).code).toBe('connectError');
  });
});
