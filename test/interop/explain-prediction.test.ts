// What explain predicts equals what Samba's KDC does, for users, evidence, middles and every form
// of descriptor; where Samba decides otherwise than Windows, the profile says so.
import type { DomainConnection } from '@doublehop/admin/connection';
import { type ClientSecret, secretFromKeytab } from '@doublehop/kerberos/client/secret';
import type { KeytabEntry } from '@doublehop/kerberos/keytab';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { fileTimeOf } from '@doublehop/security/filetime';
import { domainOf, parseSid, type Sid } from '@doublehop/security/sid';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  EVIDENCE,
  FORMS,
  MIDDLES,
  type MiddleKind,
  targetName,
  USERS,
  type UserKind,
} from '../../packages/admin/test/support/hop-cases.ts';
import { middleAccount } from '../../packages/admin/test/support/hop-domain.ts';
import { type HopCase, HopTable, play } from '../../packages/admin/test/support/hop-table.ts';
import { startSambaDc, type SambaDc } from '../peers/samba-dc.ts';
import { clientOf } from '../support/kerberos-client.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { connectTo } from '../support/samba.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const PASSWORD = 'Passw0rd.of.all';
const PROGRAM = join(repositoryRoot, 'packages/cli/bin/doublehop.js');
const FILL = fileURLToPath(new URL('explain-accounts.py', import.meta.url));
/** How old a password is only Samba itself can set. */
const OUR_USERS = USERS.filter((kind) => kind !== 'stale-password');

describe("explain and Samba's KDC", () => {
  const dir = makeTempDir('explain-samba');
  let dc: SambaDc | undefined;
  let connection: DomainConnection | undefined;
  let managed: readonly KeytabEntry[] = [];

  beforeAll(async () => {
    if (whyMissing('samba') !== undefined || process.getuid?.() !== 0) return;
    dc = await startSambaDc(dir);
    managed = await addManaged(dc);
    await populate(dc);
    connection = await connectTo(dc, clientFor(dc, 'Administrator', true));
  });
  afterAll(async () => {
    await connection?.close();
    await dc?.stop();
    removeDir(dir);
  });

  test('every hop comes out as predicted', async (ctx) => {
    requirePeers(ctx, 'samba');
    requireRoot(ctx);
    if (dc === undefined || connection === undefined) throw new Error('Samba was not started');
    const { realm } = dc;
    const peer = dc;
    const table = await HopTable.read({
      realm,
      connection,
      profile: 'samba',
      users: OUR_USERS,
      middles: MIDDLES,
      compat: true,
      client: (account, forwardable) => clientFor(peer, account, forwardable, managed),
    });
    const { differences, otherReasons, outcomes } = await play(table, hops());
    expect(differences).toEqual([]);
    expect(otherReasons).toEqual([]);
    expect(outcomes.size).toBeGreaterThan(12);
  }, 180_000);

  test('the commands say so too: Samba is recognized, and its errors are told', async (ctx) => {
    requirePeers(ctx, 'samba');
    requireRoot(ctx);
    if (dc === undefined) throw new Error('Samba was not started');
    const { address, env } = dc;
    const admin = join(dir, 'admin.txt');
    const middle = join(dir, 'middle.txt');
    writeFileSync(admin, 'Passw0rd.admin\n', { mode: 0o600 });
    writeFileSync(middle, `${PASSWORD}\n`, { mode: 0o600 });
    const doublehop = async (command: string, target: string, ...more: readonly string[]) => {
      const hop = ['--user', 'normal', '--middle', 'trusted', '--target', `cifs/${target}`];
      const server = ['--server', `ldap://${address}`, '--as', 'Administrator'];
      const args = [PROGRAM, command, ...hop, ...server, '--password-file', admin, ...more];
      return await run(process.execPath, [...args, '--json'], { env });
    };
    const granted = targetName(Object.keys(FORMS).indexOf('full control'));
    const by = ['--middle-password-file', middle];
    const explained = await doublehop('explain', granted);
    expect(explained.stderr).toBe('');
    expect(JSON.parse(explained.stdout)).toMatchObject({ kdc: 'samba', outcome: 'allowed' });
    const proved = await doublehop('prove', granted, ...by);
    expect(JSON.parse(proved.stdout)).toMatchObject({
      outcome: 'allowed',
      comparison: { verdict: 'same' },
    });
    const refused = await doublehop('prove', targetName(0), ...by);
    expect(refused.status).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      outcome: 'refused',
      steps: [{ ok: true }, { ok: true }, { error: { error: 'KDC_ERR_BADOPTION' } }],
      prediction: { outcome: 'refused', reason: 'rbcd-descriptor-absent' },
      comparison: { verdict: 'same' },
    });
  });
});

/** Every form with the usual parties, and a few forms with all others. */
function* hops(): Generator<HopCase> {
  const telling = ['absent', 'full control', 'NULL DACL', 'deny, then allow'];
  const plain: readonly MiddleKind[] = ['computer', 'trusted', 'service-user'];
  for (const user of OUR_USERS) {
    for (const middle of MIDDLES) {
      for (const evidence of EVIDENCE) {
        const all =
          user === 'normal' && plain.includes(middle) && evidence !== 'own-not-forwardable';
        for (const form of all ? Object.keys(FORMS) : telling) {
          yield { user, middle, evidence, form };
        }
      }
    }
  }
}

function clientFor(
  dc: SambaDc,
  account: string,
  forwardable: boolean,
  managed: readonly KeytabEntry[] = [],
): KerberosClient {
  const client = principal(dc.realm, NameType.PRINCIPAL, account);
  const password = account === 'Administrator' ? 'Passw0rd.admin' : PASSWORD;
  const secret: ClientSecret =
    account === middleAccount('gmsa')
      ? secretFromKeytab(managed, client)
      : { kind: 'password', password };
  return clientOf(dc, { account: { client, secret }, settings: { forwardable } });
}

/** A managed service account, which samba-tool alone can make, and its keys. */
async function addManaged({ tool, dir, host }: SambaDc): Promise<readonly KeytabEntry[]> {
  const database = join(dir, 'samba', 'private', 'sam.ldb');
  const keytab = join(dir, 'gmsa.keytab');
  const create = ['-H', database, '--name=gmsa', `--dns-host-name=gmsa.${host}`];
  for (const command of [
    ['service-account', 'create', ...create],
    ['domain', 'exportkeytab', keytab, '--principal=gmsa$', '--only-current-keys'],
  ]) {
    const { status, stderr } = await tool(...command);
    if (status !== 0) throw new Error(stderr);
  }
  return await readKeytab(keytab);
}

/** Makes accounts and groups, and then the descriptors, which name them. */
async function populate(dc: SambaDc): Promise<void> {
  const account = (name: string, attributes: Readonly<Record<string, readonly string[]>>) => ({
    name,
    made: name === middleAccount('gmsa'),
    password: PASSWORD,
    attributes,
  });
  const members = MIDDLES.map(middleAccount);
  const sids = await fill(dc, {
    accounts: [
      ...OUR_USERS.map((kind) => account(kind, USER_ATTRIBUTES[kind])),
      ...MIDDLES.map((kind) => account(middleAccount(kind), middleAttributes(kind))),
      ...Object.keys(FORMS).map((_, index) =>
        account(`${targetName(index)}$`, { servicePrincipalName: [`HOST/${targetName(index)}`] }),
      ),
    ],
    groups: [
      { name: 'Middles', type: GLOBAL, members },
      { name: 'Outer', type: GLOBAL, members: ['Middles'] },
      { name: 'Local', type: LOCAL, members },
      { name: 'Others', type: GLOBAL, members: [] },
    ],
    protected: ['protected'],
    domain: { lockoutThreshold: ['5'], lockoutDuration: ['-18000000000'] },
  });
  const sid = (name: string): Sid => parseSid(sids[name] ?? '');
  const cast = {
    domain: domainOf(sid('Middles')),
    middles: members.map(sid),
    group: sid('Middles'),
    outerGroup: sid('Outer'),
    localGroup: sid('Local'),
    otherGroup: sid('Others'),
  };
  const descriptors: Record<string, string> = {};
  for (const [index, form] of Object.values(FORMS).entries()) {
    const value = form(cast);
    if (value !== undefined) {
      descriptors[`${targetName(index)}$`] = Buffer.from(value).toString('base64');
    }
  }
  await fill(dc, { descriptors });
}

const GLOBAL = 0x8000_0002 | 0;
const LOCAL = 0x8000_0004 | 0;

const USER_ATTRIBUTES: Readonly<Record<UserKind, Readonly<Record<string, readonly string[]>>>> = {
  normal: {},
  sensitive: { userAccountControl: [String(0x10_0200)] },
  protected: {},
  disabled: { userAccountControl: ['514'] },
  expired: { accountExpires: ['130000000000000000'] },
  'never-at-work': { logonHours: [`: ${Buffer.alloc(21).toString('base64')}`] },
  'must-change': { pwdLastSet: ['0'] },
  'stale-password': {},
  locked: { lockoutTime: [String(fileTimeOf(Date.now()))] },
};

function middleAttributes(kind: MiddleKind): Readonly<Record<string, readonly string[]>> {
  const lists = kind.endsWith('lister')
    ? { 'msDS-AllowedToDelegateTo': Object.keys(FORMS).map((_, at) => `cifs/${targetName(at)}`) }
    : kind === 'other-list'
      ? { 'msDS-AllowedToDelegateTo': ['cifs/elsewhere'] }
      : {};
  const trusted = kind.startsWith('trusted') ? 0x100_0000 : 0;
  const disabled = kind.startsWith('disabled') ? 2 : 0;
  const control = String((kind.endsWith('-user') ? 0x200 : 0x1000) | trusted | disabled);
  const spn = kind === 'nameless-user' ? {} : { servicePrincipalName: [`HOST/${kind}`] };
  return { userAccountControl: [control], ...spn, ...lists };
}

async function fill(dc: SambaDc, given: unknown): Promise<Readonly<Record<string, string>>> {
  const config = join(dc.dir, 'samba', 'etc', 'smb.conf');
  const input = JSON.stringify(given);
  const { stdout, stderr, status } = await run('/usr/bin/python3', [FILL, config], {
    input,
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(stderr);
  // Sound: the script prints an object of texts.
  return JSON.parse(stdout) as Readonly<Record<string, string>>;
}
