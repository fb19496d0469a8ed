// The audit beside impacket's findDelegation on the same domain, and of a domain of Samba's.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { audit } from '@doublehop/admin/audit/audit';
import type { DomainConnection } from '@doublehop/admin/connection';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { domainOf, parseSid, type Sid } from '@doublehop/security/sid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SambaDc, startSambaDc } from '../peers/samba-dc.ts';
import {
  type Awkward,
  fillAwkwardDomain,
  FOREIGN_DOMAIN,
  UNKNOWN_DOMAIN,
} from '../support/awkward-domain.ts';
import { AWKWARD_FORMS } from '../support/awkward-forms.ts';
import { clientOf } from '../support/kerberos-client.ts';
import { impacketScript } from '../support/packages.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { connectTo } from '../support/samba.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';
import { useMember } from '../support/use-member.ts';

const program = join(repositoryRoot, 'packages/cli/bin/doublehop.js');

/** What is read of a report. */
interface Saved {
  readonly findings: readonly {
    readonly id: string;
    readonly fix: string;
    readonly rule: string;
    readonly subject: { readonly name: string; readonly sid: string };
    readonly sentence: string;
    readonly evidence: readonly string[];
  }[];
}

/** Findings that our own commands mend. */
const MENDED: readonly string[] = [
  'unconstrained',
  'ghost-spn',
  'rbcd-krbtgt',
  'rbcd-null-dacl',
  'rbcd-foreign',
  'rbcd-deny-order',
  'rbcd-unparsable',
  'admin-delegatable',
];

describe('the audit and other tools', () => {
  let awkward: Awkward | undefined;
  const member = useMember('audit', ['impacket'], {
    corp: {
      // What impacket asks for: tickets and binds without checksums.
      settings: { requestChecksum: 'lenient' },
      ldap: { allowBareKerberos: true },
      prepare: async (directory) => {
        awkward = await fillAwkwardDomain(directory, { computers: 400 });
      },
    },
  });
  const made = (what: string): readonly string[] => awkward?.made.get(what) ?? [];

  async function doublehop(...args: readonly string[]) {
    const given = [program, 'audit', '--server', member.corp.host, ...args];
    return await member.run(process.execPath, given, { cwd: member.dir });
  }

  test("impacket's findDelegation sees what the audit sees, and no-grants beside", async () => {
    const { stdout, status } = await doublehop('--json');
    expect(status).toBe(2);
    // Sound: the shape that docs/commands/audit.md promises, as far as it is read here.
    const report = JSON.parse(stdout) as Saved;
    const rows = await findDelegation();
    const names = (type: RegExp): readonly string[] =>
      [
        ...new Set(rows.filter(([, , kind]) => type.test(kind ?? '')).map(([name]) => name ?? '')),
      ].toSorted();
    const subjects = (...rules: readonly string[]): readonly string[] =>
      report.findings
        .filter(({ rule }) => rules.includes(rule))
        .map(({ subject }) => subject.name)
        .toSorted();
    expect(names(/^Unconstrained/u)).toEqual(subjects('unconstrained'));
    expect(names(/^Constrained/u)).toEqual(
      subjects(
        'kcd',
        'kcd-transition',
        'kcd-controller',
        'kcd-controller-transition',
        // Listed by its flag: it has no services.
        'transition-without-list',
      ).filter((name) => name !== 'AWK3$'),
    );
    const theirs = new Set(
      rows
        .filter(([, , kind]) => kind?.startsWith('Resource') === true)
        .map((row) => `${row[0]} ${row[3]}`),
    );
    const ours = new Set(
      report.findings
        .filter(({ rule }) => rule === 'rbcd')
        .flatMap(({ subject, evidence }) =>
          evidence.flatMap((line) => {
            const name = /^CORP\\(.+?)(?: \(.*)?: entry/u.exec(line)?.[1];
            return name === undefined ? [] : [`${name} ${subject.name}`];
          }),
        ),
    );
    const disabled = `aw-gone ${made('rbcd disabled trustee')[0]}`;
    expect([...ours].filter((row) => !theirs.has(row) && row !== disabled)).toEqual([]);
    const nothing = AWKWARD_FORMS.filter(({ acts }) => acts === 'nobody');
    const noGrants = new Set(nothing.flatMap(({ name }) => made(`form ${name}`)));
    const more = [...theirs].filter((row) => !ours.has(row)).map((row) => row.split(' ').at(-1));
    // krbtgt, the sign-on account and controllers are told by rules of their own.
    const high = ['krbtgt', 'AZUREADSSOACC$'];
    const mistaken = more.filter((name = '') => !noGrants.has(name) && !high.includes(name));
    expect(mistaken).toEqual([]);
    expect(more.length).toBeGreaterThan(30);
  });

  test('files for BloodHound: edges of those who really may, and of no others', async () => {
    const folder = join(member.dir, 'ours');
    const { stdout } = await doublehop('--format', 'bloodhound', '-o', folder);
    expect(stdout.trim().split('\n')).toHaveLength(4);
    const ours = nodes(join(folder, 'doublehop_computers.json'));
    const sids: readonly (string | undefined)[] = ['aw-user', 'aw-creator'].map((name) =>
      awkward?.sids.get(name),
    );
    const edges = (what: string): readonly string[] =>
      made(what).flatMap((name) =>
        (ours.get(name)?.Aces ?? [])
          .filter(({ PrincipalSID: sid }) => sids.includes(sid))
          .map(({ RightName }) => RightName),
      );
    expect(edges('writer attribute')).toEqual(['AddAllowedToAct']);
    expect(edges('writer property set')).toEqual(['WriteAccountRestrictions']);
    expect(edges('writer generic write')).toEqual(['GenericWrite']);
    expect(edges('writer full control')).toEqual(['GenericAll', 'WriteDacl', 'WriteOwner']);
    expect(edges('writer by owning')).toEqual(['Owns']);
    expect(edges('no writer: denied')).toEqual([]);
    expect(edges('no writer: group denied')).toEqual([]);
    const middle = { ObjectIdentifier: awkward?.sids.get('AWMIDDLE$'), ObjectType: 'Computer' };
    for (const { name, acts } of AWKWARD_FORMS) {
      if (acts !== 'middle' && acts !== 'nobody') continue;
      const [computer = ''] = made(`form ${name}`);
      expect(ours.get(computer)?.AllowedToAct, name).toEqual(acts === 'middle' ? [middle] : []);
    }
  });

  test('a table fits the terminal; a page is whole; nothing is new in a second run', async () => {
    const { stdout } = await doublehop();
    const wide = stdout.split('\n').filter((line) => line.length > 80);
    expect(wide.filter((line) => line.trim().includes(' ') && !/S-1-5-21/u.test(line))).toEqual([]);
    expect(stdout).toMatch(/^CRITICAL Unconstrained delegation \(2\) \[unconstrained\]$/mu);
    expect((await doublehop('--json', '-o', 'first.json')).stdout).toBe('');
    const second = await doublehop('--since', 'first.json');
    expect(second.stdout).toMatch(/^nothing new since /u);
    expect(second.status).toBe(0);
    const page = await doublehop('--format', 'html', '--min-severity', 'critical');
    expect(page.stdout).toMatch(/^<!doctype html>[^]*<\/html>\n$/u);
    expect((await doublehop('--fail-on', 'never')).status).toBe(0);
  });

  test('the commands that findings name mend them', async () => {
    const read = async (): Promise<Saved['findings']> => {
      const { stdout } = await doublehop('--json');
      // Sound: the shape that docs/commands/audit.md promises, as far as it is read here.
      return (JSON.parse(stdout) as Saved).findings;
    };
    const before = await read();
    const mended = MENDED.map((rule) => {
      const found = before.find((one) => one.rule === rule);
      if (found === undefined) throw new Error(`there is no finding of ${rule}`);
      return found;
    });
    const lines = mended.map(({ fix }) => {
      expect(fix).toMatch(/^doublehop /u);
      return `${fix} --yes --server ${member.corp.host}`;
    });
    const alias = `doublehop() { '${process.execPath}' '${program}' "$@" || exit 1; }`;
    const { stderr, status } = await member.run('sh', ['-c', [alias, ...lines].join('\n')], {
      cwd: member.dir,
      env: { XDG_STATE_HOME: member.dir },
      timeout: 60_000,
    });
    expect(status, stderr).toBe(0);
    const left = new Set((await read()).map(({ id }) => id));
    expect(mended.filter(({ id }) => left.has(id))).toEqual([]);
  }, 90_000);

  async function findDelegation(): Promise<readonly (readonly string[])[]> {
    const { corp } = member;
    const [python, script] = impacketScript('findDelegation');
    const driver = fileURLToPath(new URL('impacket-whole-answers.py', import.meta.url));
    const { name, password } = corp.administrator;
    const who = `${corp.realm}/${name}:${password}`;
    const given = [driver, corp.host, script, '-k', '-dc-ip', corp.address, who];
    const { stdout } = await member.run(python, given, {
      cwd: member.dir,
      env: { KRB5CCNAME: undefined, HOME: member.dir },
    });
    const [, table = ''] = stdout.split(/^(?:-+ *)+$/mu);
    return table
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/u))
      .filter((row) => row.length >= 4);
  }
});

interface Node {
  readonly Properties: { readonly samaccountname: string };
  readonly AllowedToAct: readonly unknown[];
  readonly Aces: readonly { readonly PrincipalSID: string; readonly RightName: string }[];
}

type Nodes = ReadonlyMap<string, Node>;

function nodes(path: string): Nodes {
  // Sound: both collectors write this shape.
  const { data } = JSON.parse(readFileSync(path, 'utf8')) as { readonly data: readonly Node[] };
  return new Map(data.map((node) => [node.Properties.samaccountname, node]));
}

describe('the audit of a Samba domain', () => {
  const dir = makeTempDir('audit-samba');
  let dc: SambaDc | undefined;
  let connection: DomainConnection | undefined;

  beforeAll(async () => {
    if (whyMissing('samba') !== undefined || process.getuid?.() !== 0) return;
    dc = await startSambaDc(dir);
    await populate(dc);
    connection = await connectTo(dc, administrator(dc));
  });
  afterAll(async () => {
    await connection?.close();
    await dc?.stop();
    removeDir(dir);
  });

  test('every form of descriptor is judged as it is on a domain of our own', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    if (connection === undefined) throw new Error('Samba was not started');
    const { findings, counts, unread } = await audit(connection, { clock: () => Date.now() });
    expect(unread).toEqual([]);
    // Samba's domain comes with one that has a list.
    expect(counts.lists).toBe(AWKWARD_FORMS.length + 1);
    const acting = (name: string): readonly string[] =>
      findings.filter(({ subject }) => subject.name === name).map(({ rule }) => rule);
    for (const [index, { name, acts, odd }] of AWKWARD_FORMS.entries()) {
      const rules = acting(`${targetOf(index)}$`);
      expect(rules.includes('rbcd'), `${name}: ${rules.join()}`).toBe(acts !== 'nobody');
      expect(rules.includes('rbcd-ineffective'), name).toBe(odd === 'ineffective');
      expect(rules.includes('rbcd-foreign'), name).toBe(odd === 'foreign');
      expect(rules.includes('rbcd-orphan'), name).toBe(odd === 'orphan');
    }
    const rules = new Set(findings.map(({ rule }) => rule));
    expect([...rules]).toEqual(
      expect.arrayContaining(['machine-account-quota', 'writer-self', 'admin-delegatable', 'kcd']),
    );
  });
});

const PASSWORD = 'Passw0rd.of.all';
const FILL = fileURLToPath(new URL('explain-accounts.py', import.meta.url));

function targetOf(index: number): string {
  return `f${String(index).padStart(2, '0')}`;
}

function administrator(dc: SambaDc): KerberosClient {
  return clientOf(dc, {
    account: {
      client: principal(dc.realm, NameType.PRINCIPAL, 'Administrator'),
      secret: { kind: 'password', password: 'Passw0rd.admin' },
    },
  });
}

const GLOBAL = 0x8000_0002 | 0;

async function populate(dc: SambaDc): Promise<void> {
  const computer = (name: string, attributes: Readonly<Record<string, readonly string[]>>) => ({
    name: `${name}$`,
    password: PASSWORD,
    attributes,
    made: false,
  });
  const delegating = { 'msDS-AllowedToDelegateTo': ['HOST/middle'] };
  const sids = await fill(dc, {
    accounts: [
      computer('middle', { servicePrincipalName: ['HOST/middle'] }),
      computer('lister', delegating),
      ...AWKWARD_FORMS.map((_, index) => computer(targetOf(index), {})),
    ],
    groups: [
      { name: 'Inner', type: GLOBAL, members: ['middle$'] },
      { name: 'Outer', type: GLOBAL, members: ['Inner'] },
    ],
  });
  const sid = (name: string): Sid => parseSid(sids[name] ?? '');
  const domain = domainOf(sid('Outer'));
  const cast = {
    middle: sid('middle$'),
    group: sid('Outer'),
    domain,
    foreign: `${FOREIGN_DOMAIN}-1105`,
    unknown: `${UNKNOWN_DOMAIN}-1105`,
    orphan: `${domain}-999999`,
  } as const;
  const descriptors = AWKWARD_FORMS.map(({ bytes }, index) => [
    `${targetOf(index)}$`,
    Buffer.from(bytes(cast)).toString('base64'),
  ]);
  await fill(dc, { descriptors: Object.fromEntries(descriptors) as unknown });
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
