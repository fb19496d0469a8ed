import { createServer, connect as connectTcp, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LdapError, type LdapErrorCode } from '@doublehop/ldap/errors';
import {
  FailoverClient,
  type FailoverEvent,
  type OpenController,
} from '../src/connect/failover.ts';
import { entriesOf } from '../src/directory-client.ts';
import { AdminError } from '../src/errors.ts';
import { type Contoso, SERVERS, startContoso } from './support/contoso.ts';
import { FakeDirectory } from './support/fake-directory.ts';

/** A controller that fails when it is told to. */
class Moody extends FakeDirectory {
  mood: LdapErrorCode | undefined;
  /** Entries that are given before it fails. */
  patience = 0;

  constructor(names: readonly string[]) {
    super();
    for (const name of names) this.add(`CN=${name},DC=x`, { kind: 'one' });
    this.beforeModify = () => this.#fail();
  }

  override async *search(options: Parameters<FakeDirectory['search']>[0]) {
    let given = 0;
    for await (const item of entriesOf(super.search(options))) {
      if (given >= this.patience) this.#fail();
      given += 1;
      yield item;
    }
    this.#fail();
    return { message: '', controls: [] };
  }

  #fail(): void {
    if (this.mood === undefined) return;
    throw new LdapError(this.mood, this.mood === 'serverDown' ? 'read ECONNRESET' : 'later');
  }
}

const URLS = ['ldap://dc1', 'ldap://dc2', 'ldap://dc3'];

interface Play {
  readonly client: FailoverClient;
  readonly dcs: readonly [Moody, Moody, Moody];
  readonly opened: string[];
  readonly events: FailoverEvent[];
  /** Controllers that cannot be reached. */
  readonly dead: Set<string>;
  /** Called when a controller is opened. */
  onOpen: () => void;
  names(): Promise<readonly string[]>;
}

/** Three controllers, of which the first is in use. */
function play(names: readonly string[] = ['a', 'b', 'c']): Play {
  const dcs = [new Moody(names), new Moody(names), new Moody(names)] as const;
  const opened: string[] = [];
  const events: FailoverEvent[] = [];
  const dead = new Set<string>();
  const open = async (url: string): Promise<OpenController> => {
    opened.push(url);
    world.onOpen();
    const client = dcs[URLS.indexOf(url)];
    if (client === undefined || dead.has(url))
      throw new AdminError('unreachable', `${url} is dead`);
    return { client, url, controller: url.slice(7) };
  };
  const first = { client: dcs[0], url: URLS[0] ?? '', controller: 'dc1' };
  const client = new FailoverClient(first, {
    urls: URLS,
    open,
    onFailover: (event) => events.push(event),
  });
  const read = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { dn } of entriesOf(client.search({ base: 'DC=x', filter: ANY })))
      found.push(dn);
    return found;
  };
  const world: Play = { client, dcs, opened, events, dead, onOpen: () => undefined, names: read };
  return world;
}

const ANY = { kind: 'equality', attribute: 'kind', value: 'one' } as const;
const write = async ({ client }: Play, name = 'a'): Promise<unknown> =>
  await client.modify(`CN=${name},DC=x`, [
    { operation: 'add', attribute: 'description', values: ['new'] },
  ]);
const ALL = ['CN=a,DC=x', 'CN=b,DC=x', 'CN=c,DC=x'];

describe('reads', () => {
  test.for([
    ['serverDown', 'ECONNRESET'],
    ['timeout', 'later'],
    ['busy', 'busy'],
    ['unavailable', 'unavailable'],
  ] as const)('go on at the next controller: %s', async ([mood, reason]) => {
    const world = play();
    world.dcs[0].mood = mood;
    expect(await world.names()).toEqual(ALL);
    expect(world.client.current).toMatchObject({ url: 'ldap://dc2', controller: 'dc2' });
    expect(world.events).toEqual([{ from: 'ldap://dc1', to: 'ldap://dc2', reason }]);
  });

  test.for([1, 2, 3])('broken off after %i entries give each entry once', async (patience) => {
    const world = play();
    world.dcs[0].mood = 'serverDown';
    world.dcs[0].patience = patience;
    expect(await world.names()).toEqual(ALL);
  });

  test('many at once change the controller once', async () => {
    const world = play();
    world.dcs[0].mood = 'serverDown';
    const all = await Promise.all(Array.from({ length: 20 }, () => world.names()));
    expect(all.every((names) => names.length === 3)).toBe(true);
    expect(world.opened).toEqual(['ldap://dc2']);
  });

  test('one that cannot be reached is passed over; where all are, each is told', async () => {
    const world = play();
    world.dcs[0].mood = 'serverDown';
    world.dead.add('ldap://dc2');
    expect(await world.names()).toEqual(ALL);
    expect(world.client.current.url).toBe('ldap://dc3');
    world.dcs[2].mood = 'unavailable';
    world.dead.add('ldap://dc1');
    await expect(world.names()).rejects.toThrow(
      'ldap://dc3 broke off (unavailable), and no other controller answers: ' +
        'dc3:389, dc1:389, dc2:389',
    );
  });

  test('controllers that let everybody in and break off are given up', async () => {
    const world = play();
    for (const dc of world.dcs) dc.mood = 'serverDown';
    await expect(world.names()).rejects.toMatchObject({ code: 'serverDown' });
    expect(world.opened).toEqual(['ldap://dc2', 'ldap://dc3', 'ldap://dc1']);
  });

  test('what the directory refuses is no reason to ask another one', async () => {
    const world = play();
    world.dcs[0].mood = 'insufficientAccessRights';
    await expect(world.names()).rejects.toMatchObject({ code: 'insufficientAccessRights' });
    expect(world.opened).toEqual([]);
  });

  test('nobody reads on: the search is left', async () => {
    const world = play();
    for await (const { dn } of entriesOf(world.client.search({ base: 'DC=x', filter: ANY }))) {
      expect(dn).toBe('CN=a,DC=x');
      break;
    }
    expect(world.opened).toEqual([]);
  });
});

describe('reads after a write', () => {
  test('come from the controller that took it', async () => {
    const world = play();
    world.dcs[0].mood = 'serverDown';
    await world.names();
    await write(world);
    expect(world.client.wroteAt).toBe('ldap://dc2');
    world.dcs[1].log.length = 0;
    await world.names();
    expect(world.dcs[1].log).toEqual(['search DC=x']);
  });

  test('come from it by a new connection, and from no other where it is gone', async () => {
    const world = play();
    await write(world);
    world.dcs[0].mood = 'serverDown';
    world.dcs[0].patience = 2;
    world.onOpen = (): void => {
      world.dcs[0].mood = undefined;
    };
    expect(await world.names()).toEqual(ALL);
    expect(world.opened).toEqual(['ldap://dc1']);
    world.dcs[0].mood = 'serverDown';
    world.dead.add('ldap://dc1');
    await expect(world.names()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(
        /^ldap:\/\/dc1, which took the writes of this run, broke off .*nothing is read elsewhere/,
      ),
    });
    expect(world.dcs[1].log).toEqual([]);
  });

  test('a write that broke off is not sent again, and pins the run too', async () => {
    const world = play();
    world.dcs[0].mood = 'serverDown';
    await expect(write(world)).rejects.toMatchObject({ code: 'serverDown' });
    expect(world.dcs.map(({ log }) => log.length)).toEqual([1, 0, 0]);
    expect(world.client.wroteAt).toBe('ldap://dc1');
  });

  test('the first write goes to another controller where this one is busy', async () => {
    const world = play();
    world.dcs[0].mood = 'busy';
    await write(world);
    expect(world.client.wroteAt).toBe('ldap://dc2');
    expect(world.dcs[1].log).toEqual(['modify CN=a,DC=x']);
  });

  test('a later one waits until it is not', async () => {
    const world = play();
    await write(world);
    world.dcs[0].mood = 'busy';
    const second = write(world, 'b');
    setTimeout(() => {
      world.dcs[0].mood = undefined;
    }, 50);
    await second;
    expect(world.client.wroteAt).toBe('ldap://dc1');
    expect(world.opened).toEqual([]);
  });
});

/** A way to the controller that can be cut. */
class Way {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connectTcp(port, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
      }
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `ldap://localhost:${address.port}`;
  }

  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

describe('a real domain behind two addresses', () => {
  let contoso: Contoso;
  const ways: Way[] = [];
  const way = async (): Promise<readonly [Way, string]> => {
    const one = new Way(Number(new URL(contoso.ldap).port));
    ways.push(one);
    return [one, await one.open()];
  };
  beforeAll(async () => {
    contoso = await startContoso();
  });
  afterAll(async () => {
    for (const one of ways) one.cut();
    await contoso.close();
  });

  test('one that refuses is passed over, one that breaks is left', async () => {
    const [first, one] = await way();
    const [, two] = await way();
    const events: FailoverEvent[] = [];
    const connection = await contoso.connectAs('Administrator', {
      urls: ['ldap://localhost:1', one, two],
      onFailover: (event) => events.push(event),
    });
    expect(connection.url).toBe(one);
    const count = async (): Promise<number> => {
      let found = 0;
      const { client } = connection;
      for await (const { dn } of entriesOf(client.searchAll({ base: SERVERS, pageSize: 2 }))) {
        expect(dn).toContain('OU=Servers');
        found += 1;
        if (found === 3) first.cut();
      }
      return found;
    };
    const found = await count();
    expect(connection.url).toBe(two);
    expect(events).toHaveLength(1);
    expect(found).toBe(await count());
    expect(connection.domain.controller).toBe('localhost');
    await connection.close();
  });

  test('where no controller answers, every port that was tried is told', async () => {
    const urls = ['ldap://localhost:1', 'ldaps://127.0.0.1:2'];
    await expect(contoso.connectAs('Administrator', { urls })).rejects.toThrow(
      /^none of 2 controllers answers: localhost:1, 127\.0\.0\.1:2 \(TCP\)/,
    );
  });
});
