// A controller that is killed while clients write: what it acknowledged is there, and all of it
// fits together.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LdapClient } from '@doublehop/ldap/client/client';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { AceFlag } from '@doublehop/security/ace';
import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { afterAll, expect, test, vi } from 'vitest';
import { run } from '../support/run.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const program = join(repositoryRoot, 'packages/cli/bin/doublehop.js');
const dir = makeTempDir('e2e-killed');
const folder = join(dir, 'corp');
const PASSWORD = 'Passw0rd.Administrator';
const USERS = 'CN=Users,DC=corp,DC=example';
const UNIT = `OU=Killed,DC=corp,DC=example`;
const GROUP = `CN=killed,${USERS}`;
const CROWD_GROUP = `CN=crowd,${USERS}`;
const ROUNDS = 3;

const children = new Set<ChildProcess>();

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  removeDir(dir);
});

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  /** A connection of the Administrator. */
  readonly connect: () => Promise<LdapClient>;
}

async function start(): Promise<Running> {
  const ports = ['kdc', 'kpasswd', 'ldap', 'ldaps'].flatMap((name) => [`--${name}-port`, '0']);
  const make = ['dc', '--dir', folder, '--domain', 'corp.example', ...ports, '--json'];
  const child = spawn(process.execPath, [program, ...make], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(child);
  child.stdin.end(PASSWORD);
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes('\n}')) break;
  }
  const { ldapsPort: port } = JSON.parse(text) as { readonly ldapsPort: number };
  const connect = async (): Promise<LdapClient> => {
    const client = await anonymous(port);
    await client.bindSimple('Administrator@corp.example', PASSWORD);
    return client;
  };
  return { child, port, connect };
}

async function anonymous(port: number): Promise<LdapClient> {
  const ca = readFileSync(join(folder, 'ca.pem'));
  return await LdapClient.connect({ url: `ldaps://localhost:${port}`, tls: { ca } });
}

/** What a client was told is done. */
interface Acknowledged {
  /** Names of accounts that are there, with the password that each has. */
  readonly passwords: Map<string, string>;
  /** Accounts whose password was asked to be changed, and to what: either may be so. */
  readonly asked: Map<string, string>;
  readonly members: Set<string>;
}

const dnOf = (name: string): string => `CN=${name},${UNIT}`;
const quoted = (password: string): Buffer => Buffer.from(`"${password}"`, 'utf16le');

/** Writes one account after the other until the server is gone; notes what was acknowledged. */
async function write(client: LdapClient, round: number, told: Acknowledged): Promise<void> {
  const { passwords, asked, members } = told;
  for (let index = 0; ; index += 1) {
    const name = `u${round}-${index}`;
    const dn = dnOf(name);
    const password = `${PASSWORD}.${round}.${index}`;
    const unicodePwd = quoted(password);
    const normal = { userAccountControl: '512', pwdLastSet: '-1' };
    // One after the other: each is acknowledged before the next is asked for.
    /* oxlint-disable no-await-in-loop */
    await client.add(dn, { objectClass: 'user', sAMAccountName: name, unicodePwd, ...normal });
    passwords.set(name, password);
    await client.modify(GROUP, [{ operation: 'add', attribute: 'member', values: [dn] }]);
    members.add(name);
    if (index % 3 === 1) {
      const next = `${password}.next`;
      asked.set(name, next);
      const values = [quoted(next)];
      await client.modify(dn, [{ operation: 'replace', attribute: 'unicodePwd', values }]);
      passwords.set(name, next);
    }
    if (index % 3 === 2) {
      passwords.delete(name);
      members.delete(name);
      await client.delete(dn);
    }
    /* oxlint-enable no-await-in-loop */
  }
}

/** Moves members between groups until the server is gone. */
async function link(client: LdapClient): Promise<void> {
  for (let index = 0; ; index += 1) {
    const operation = index % 2 === 0 ? 'add' : 'delete';
    const values = Array.from({ length: CROWD / 2 }, (_, at) => dnOf(`crowd${at}`));
    // oxlint-disable-next-line no-await-in-loop
    await client.modify(CROWD_GROUP, [{ operation, attribute: 'member', values }]);
  }
}

/** Gives the unit another descriptor, to be handed down to the crowd, until the server is gone. */
async function handDown(client: LdapClient): Promise<void> {
  for (let index = 1; ; index += 1) {
    const mask = 0x10 + (index % 8);
    const sddl = `O:BAG:BAD:PAI(A;CI;GA;;;BA)(A;CI;0x${mask.toString(16)};;;AU)`;
    const values = [encodeDescriptor(parseSddl(sddl))];
    const replace = { operation: 'replace', attribute: 'nTSecurityDescriptor', values } as const;
    // oxlint-disable-next-line no-await-in-loop
    await client.modify(UNIT, [replace]);
  }
}

/** Enough that a descriptor is not handed down to all of them in one unit of work. */
const CROWD = 1200;

async function plant(client: LdapClient): Promise<void> {
  await client.add(UNIT, { objectClass: 'organizationalUnit' });
  await client.add(GROUP, { objectClass: 'group', sAMAccountName: 'killed' });
  await client.add(CROWD_GROUP, { objectClass: 'group', sAMAccountName: 'crowd' });
  const adds = Array.from({ length: CROWD }, (_, at) =>
    client.add(dnOf(`crowd${at}`), { objectClass: 'user', sAMAccountName: `crowd${at}` }),
  );
  await Promise.all(adds);
}

test('kill -9 during adds, links, passwords, descriptors and deletes', {
  timeout: 180_000,
}, async () => {
  const told: Acknowledged = {
    passwords: new Map(),
    asked: new Map(),
    members: new Set(),
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    /* oxlint-disable no-await-in-loop */
    const { child, connect } = await start();
    const [adding, linking, handing] = [await connect(), await connect(), await connect()];
    if (round === 0) await plant(adding);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const before = told.passwords.size;
    const ends = [write(adding, round, told), link(linking), handDown(handing)].map((work) =>
      work.catch((error: unknown) => error),
    );
    // While it runs, too.
    if (round === 0) await expectClean();
    await expect.poll(() => told.passwords.size, { timeout: 30_000 }).toBeGreaterThan(before);
    setTimeout(() => child.kill('SIGKILL'), Math.random() * 1000);
    for (const end of await Promise.all(ends)) expect(end).toMatchObject({ name: 'LdapError' });
    // Nothing but the kill ended the writes.
    expect(child.killed).toBe(true);
    await gone;
    await expectClean();
    /* oxlint-enable no-await-in-loop */
  }
  await expectKept(told);
  // What was interrupted has been done meanwhile.
  await expectClean();
});

/** Whatever was acknowledged is so; what was not is so or not, but not half of it. */
async function expectKept({ passwords, asked, members }: Acknowledged): Promise<void> {
  const { child, port, connect } = await start();
  const client = await connect();
  const [group] = await find(client, GROUP, 'member');
  const named = new Set(textsOf(group, 'member'));
  expect(Array.from(members, dnOf).filter((dn) => !named.has(dn))).toEqual([]);
  // The half of the crowd that is linked is so as a whole.
  const [crowd] = await find(client, CROWD_GROUP, 'member');
  expect([0, CROWD / 2]).toContain(textsOf(crowd, 'member').length);
  const user = await anonymous(port);
  for (const [name, password] of passwords) {
    const bind = (which: string) => user.bindSimple(`${name}@corp.example`, which);
    // oxlint-disable-next-line no-await-in-loop
    await bind(password).catch(() => bind(asked.get(name) ?? password));
  }
  await expectHandedDown(client);
  await Promise.all([user.close(), client.close()]);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}

/** A descriptor that was being handed down has come to all: the next write sees to it. */
async function expectHandedDown(client: LdapClient): Promise<void> {
  const values = ['restarted'];
  await client.modify(UNIT, [{ operation: 'replace', attribute: 'description', values }]);
  const rights = async (dn: string, inherited: number): Promise<string> => {
    const [entry] = await find(client, dn, 'nTSecurityDescriptor');
    const octets = entry?.attributes[0]?.values[0] ?? new Uint8Array();
    const { dacl } = decodeDescriptor(octets);
    const aces = dacl === undefined || dacl === 'null' ? [] : dacl.aces;
    return aces
      .filter(
        ({ sid, flags }) =>
          sid === wellKnown.authenticatedUsers && (flags & AceFlag.inherited) === inherited,
      )
      .map(({ mask }) => mask)
      .join();
  };
  const wanted = await rights(UNIT, 0);
  expect(wanted).toMatch(/^\d+$/);
  const ends = [0, CROWD / 2, CROWD - 1].map((at) => dnOf(`crowd${at}`));
  await vi.waitFor(
    async () => {
      const handed = ends.map((dn) => rights(dn, AceFlag.inherited));
      expect(await Promise.all(handed)).toEqual([wanted, wanted, wanted]);
    },
    { timeout: 30_000, interval: 100 },
  );
}

async function find(client: LdapClient, base: string, attribute: string): Promise<ClientEntry[]> {
  const found: ClientEntry[] = [];
  const options = { base, scope: 'base', filter: ANY, attributes: [attribute] } as const;
  for await (const item of client.search(options)) if (item.kind === 'entry') found.push(item);
  return found;
}

const ANY = parseFilter('(objectClass=*)');

function textsOf(entry: ClientEntry | undefined, name: string): string[] {
  const attribute = entry?.attributes.find(({ type }) => type === name);
  return (attribute?.values ?? []).map((value) => Buffer.from(value).toString());
}

async function expectClean(): Promise<void> {
  const check = await run(process.execPath, [program, 'dc', 'check', folder], { timeout: 60_000 });
  expect(check).toMatchObject({ stdout: '0 problems\n', status: 0 });
}
