import { Control, encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { fromUtf8 } from '@doublehop/wire/bytes';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ALLOWED_TO_ACT } from '../src/account.ts';
import type { DomainConnection } from '../src/connection.ts';
import { AdminError } from '../src/errors.ts';
import { loadPolicy } from '../src/policy/load.ts';
import { exportPolicy } from '../src/policy/export.ts';
import { accountsWithGrants, planPolicy } from '../src/policy/plan.ts';
import type { PolicyPlan } from '../src/policy/change.ts';
import { tellChange, tellDrift } from '../src/policy/sentences.ts';
import { resolveAccount } from '../src/resolve.ts';
import { type Contoso, SERVERS, startContoso } from './support/contoso.ts';

let contoso: Contoso;
let admin: DomainConnection;

beforeAll(async () => {
  contoso = await startContoso();
  admin = await contoso.connectAs('Administrator');
  const users = 'CN=Users,DC=contoso,DC=com';
  await admin.client.modify(`CN=Middles,${users}`, [
    { operation: 'add', attribute: 'member', values: [`CN=ServerB1,OU=Web,${SERVERS}`] },
  ]);
});
afterAll(async () => {
  await admin.close();
  await contoso.close();
});
beforeEach(async () => {
  for (const { dn } of await accountsWithGrants({ targets: admin, middles: admin })) {
    await put(dn, ALLOWED_TO_ACT, []);
  }
});

async function put(
  dn: string,
  attribute: string,
  values: readonly (string | Uint8Array)[],
): Promise<void> {
  await admin.client.modify(dn, [{ operation: 'replace', attribute, values }]);
}

/** Gives a target a list in SDDL; `{NAME}` is an account's SID. */
async function list(target: string, sddl: string): Promise<void> {
  let text = sddl;
  for (const [whole, name = ''] of sddl.matchAll(/\{([^}]+)\}/gu)) {
    text = text.replace(whole, (await resolveAccount(admin, name)).sid);
  }
  const { dn } = await resolveAccount(admin, target);
  await put(dn, ALLOWED_TO_ACT, [encodeDescriptor(parseSddl(text))]);
}

async function plan(text: string): Promise<PolicyPlan> {
  const { policy, problems } = loadPolicy(`version: 1\ndomain: contoso.com\n${text}`);
  if (policy === undefined) throw new Error('no policy', { cause: problems });
  return await planPolicy({ targets: admin, middles: admin }, policy);
}

/** Everything that a plan says, line by line. */
function told({ changes, refused, errors, warnings }: PolicyPlan): readonly string[] {
  const at = ({ line, column }: { line: number; column: number }): string => `${line}:${column}`;
  return [
    ...changes.flatMap((change) => [
      ...tellChange(change).map((each) => `${each.sign} ${each.sentence}: ${each.reason}`),
      ...change.warnings.map((warning) => `warning: ${warning}`),
    ]),
    ...refused.map(({ account, message }) => `refused: ${account.name}: ${message}`),
    ...errors.map((problem) => `error ${at(problem.at)} ${problem.message}`),
    ...warnings.map((problem) => `warning ${at(problem.at)} ${problem.message}`),
  ];
}

/** Writes a plan as it is: what applies it has tests of its own. */
async function write({ changes }: PolicyPlan): Promise<void> {
  for (const { target, attribute, after } of changes) await put(target.dn, attribute, after);
}

const ALLOW = '(A;;CR;;;{ServerB})';
const rule = (text: string): string =>
  `rules:\n  - name: R\n    ${text.replaceAll('\n', '\n    ')}\n`;

describe('grants', () => {
  test('include adds what is missing and keeps the rest, entry for entry', async () => {
    await list('ServerC', `D:(D;;CR;;;{alice})(A;;CR;;;{ServerB})`);
    const before = (await resolveAccount(admin, 'ServerC')).allowedToAct;
    const made = await plan(rule('targets: [ServerC]\nmiddles: [ServerB, JumpBox]'));
    expect(told(made)).toEqual(['+ JUMPBOX$ may now act for users to SERVERC$: "R" wants it']);
    const [change] = made.changes;
    expect(change?.before).toEqual([before]);
    await write(made);
    expect(told(await plan(rule('targets: [ServerC]\nmiddles: [ServerB, JumpBox]')))).toEqual([]);
    expect(told(await plan(rule('targets: [ServerC]\nforbid: [ServerB1]')))).toEqual([]);
  });

  test('exact takes everybody else away; nobody clears the attribute', async () => {
    await list('ServerC', `D:${ALLOW}(A;;CR;;;{JumpBox})`);
    const made = await plan(rule('targets: [ServerC]\nmode: exact\nmiddles: [JumpBox]'));
    expect(told(made)).toEqual([
      '- SERVERB$ may no longer act for users to SERVERC$: "R" names no other',
    ]);
    const none = await plan(rule('targets: [ServerC]\nmode: exact\nmiddles: []'));
    expect(told(none)).toHaveLength(2);
    expect(none.changes[0]?.after).toEqual([]);
  });

  test('forbid takes away; groups and SIDs are middles too', async () => {
    const { sid } = await resolveAccount(admin, 'JumpBox');
    await list('ServerC', `D:${ALLOW}`);
    const text = `targets: [ServerC]\nmiddles: ['CONTOSO\\Middles', ${sid}]\nforbid: [ServerB]`;
    expect(told(await plan(rule(text)))).toEqual([
      '+ Middles may now act for users to SERVERC$: "R" wants it',
      '+ JUMPBOX$ may now act for users to SERVERC$: "R" wants it',
      '- SERVERB$ may no longer act for users to SERVERC$: "R" forbids it',
    ]);
  });

  test('who is forbidden and acts as a member of a group is told', async () => {
    await list('ServerC', 'D:(A;;CR;;;{Middles})');
    const forbid = rule('targets: [ServerC]\nforbid: [ServerB1, ServerB]');
    expect(told(await plan(forbid))).toEqual([
      'refused: SERVERC$: SERVERB1$ may act to it still, as one of Middles; ' +
        'forbid Middles, or take SERVERB1$ out of it',
    ]);
    await list('ServerC', 'D:(D;;CR;;;{ServerB1})(A;;CR;;;{Middles})(A;;CR;;;{ServerB})');
    expect(told(await plan(forbid))).toEqual([
      '- SERVERB$ may no longer act for users to SERVERC$: "R" forbids it',
    ]);
    await list('ServerC', 'D:(A;;CR;;;AU)');
    expect(told(await plan(rule('targets: [ServerC]\nforbid: [ServerB]'))).join()).toContain(
      'SERVERB$ may act to it still, as one of NT AUTHORITY\\Authenticated Users',
    );
    expect(told(await plan(rule('targets: [ServerC]\nforbid: [ServerB, S-1-5-11]')))).toHaveLength(
      1,
    );
  });

  test('a deny entry wins: include is refused, exact replaces the list', async () => {
    await list('ServerC', 'D:(D;;CR;;;{ServerB})(A;;CR;;;{JumpBox})');
    expect(told(await plan(rule('targets: [ServerC]\nmiddles: [ServerB]')))).toEqual([
      'refused: SERVERC$: an entry of its list denies SERVERB$, and wins; remove it, ' +
        'or say mode: exact',
    ]);
    const exact = await plan(rule('targets: [ServerC]\nmode: exact\nmiddles: [ServerB]'));
    expect(told(exact)).toContain(
      'warning: the whole list of SERVERC$ is replaced, its other entries with it',
    );
    await write(exact);
    expect(told(await plan(rule('targets: [ServerC]\nmode: exact\nmiddles: [ServerB]')))).toEqual(
      [],
    );
  });

  test('a NULL DACL lets everybody act', async () => {
    const { dn } = await resolveAccount(admin, 'ServerC');
    const control = Control.selfRelative | Control.daclPresent;
    await put(dn, ALLOWED_TO_ACT, [encodeDescriptor({ control, dacl: 'null' })]);
    expect(told(await plan(rule('targets: [ServerC]\nmiddles: [ServerB]')))).toEqual([]);
    expect(told(await plan(rule('targets: [ServerC]\nforbid: [Everyone, S-1-1-0]')))).toContain(
      'refused: SERVERC$: its list is a NULL DACL, which lets every account act; ' +
        'mode: exact replaces it',
    );
    const exact = await plan(rule('targets: [ServerC]\nmode: exact\nmiddles: [ServerB]'));
    expect(told(exact)).toContain(
      '- Everyone may no longer act for users to SERVERC$: "R" names no other',
    );
    await write(exact);
    expect(told(await plan(rule('targets: [ServerC]\nmode: exact\nmiddles: [ServerB]')))).toEqual(
      [],
    );
  });

  test('a list that cannot be read is replaced by exact alone', async () => {
    const { dn } = await resolveAccount(admin, 'ServerC');
    await put(dn, ALLOWED_TO_ACT, [Uint8Array.of(1, 2, 3)]);
    expect(told(await plan(rule('targets: [ServerC]\nmiddles: [ServerB]')))).toEqual([
      'refused: SERVERC$: its list cannot be read; doublehop set replaces it, as mode: exact does',
    ]);
    expect((await exportPolicy(admin)).notes).toEqual([
      'the list of SERVERC$ cannot be read, and is left out',
    ]);
    const exact = await plan(rule('targets: [ServerC]\nmode: exact\nmiddles: [ServerB]'));
    expect(told(exact)[0]).toBe('+ SERVERB$ may now act for users to SERVERC$: "R" wants it');
    await write(exact);
    const again = await plan(rule('targets: [ServerC]\nmode: exact\nmiddles: [ServerB]'));
    expect(told(again)).toEqual([]);
  });

  test('krbtgt gets no grant; a controller does, with a warning', async () => {
    expect(told(await plan(rule('targets: [krbtgt]\nmiddles: [ServerB]')))).toEqual([
      'refused: krbtgt: whoever may act for users to it owns the domain',
    ]);
    expect(told(await plan(rule('targets: [DC]\nmiddles: [ServerB]')))[1]).toMatch(
      /^warning: DC\$ is a domain controller/u,
    );
  });

  test('others: revoke clears lists that no rule is about', async () => {
    await list('ServerC', `D:${ALLOW}`);
    await list('ServerB1', `D:${ALLOW}`);
    const text = rule('targets: [ServerC]\nmiddles: [ServerB]');
    expect(told(await plan(text))).toEqual([]);
    expect(told(await plan(`others: revoke\n${text}`))).toEqual([
      '- SERVERB$ may no longer act for users to SERVERB1$: ' +
        'no rule is about it, and others: revoke',
    ]);
  });

  test('an orphan is kept where it stands, and not written anew', async () => {
    const orphan = (await resolveAccount(admin, 'ServerC')).sid.replace(/\d+$/u, '99999');
    await list('ServerC', `D:(A;;CR;;;${orphan})`);
    const text = `targets: [ServerC, ServerB1]\nmode: exact\nmiddles: [${orphan}]`;
    const made = told(await plan(rule(text)));
    expect(made).toEqual([
      expect.stringMatching(/^error 7:\d+ no account in contoso\.com has the/u),
    ]);
    expect(told(await plan(rule(text.replace(', ServerB1', ''))))).toEqual([]);
  });
});

describe('targets', () => {
  const found = async (selection: string): Promise<readonly string[]> =>
    (await plan(rule(`targets: ${selection}\nmiddles: [S-1-5-21-9-9-9-1104]`))).changes.map(
      ({ target }) => target.name,
    );

  test('by search: base, scope, filter and kinds', async () => {
    const web = `OU=Web,${SERVERS}`;
    expect(await found(`{search: [{base: '${web}'}]}`)).toEqual(['SERVERB1$', 'SERVERB2$']);
    expect(
      await found(`{search: [{base: '${SERVERS}', scope: one, filter: (cn=Server*)}]}`),
    ).toEqual(['SERVERB$', 'SERVERC$']);
    expect(await found(`{search: [{filter: (sAMAccountName=alice), kinds: [user]}]}`)).toEqual([
      'alice',
    ]);
    const except = `except: {search: [{base: '${web}', filter: (cn=ServerB1)}]}`;
    expect(await found(`{search: [{base: '${web}'}], ${except}}`)).toEqual(['SERVERB2$']);
  });

  test('by group, through groups in it, and as primary group', async () => {
    expect(await found('{groups: [Middles]}')).toEqual(['SERVERB1$']);
    expect(await found('{groups: [Domain Computers]}')).toContain('SERVERC$');
    expect(await found('{groups: [Domain Controllers]}')).toEqual(['DC$']);
  });

  test('names of every form, each account once', async () => {
    const { sid, dn } = await resolveAccount(admin, 'ServerC');
    const names = ['ServerC', 'SERVERC$', 'CONTOSO\\serverc', sid, dn, 'HOST/serverc.contoso.com'];
    expect(await found(JSON.stringify([...names, 'alice.smith@contoso.com']))).toEqual([
      'SERVERC$',
      'alice',
    ]);
    expect(await found(`['odd(x)&y']`)).toEqual(['odd(x)&y']);
  });

  test.for<readonly [string, RegExp]>([
    ['[Nobody]', /no account "Nobody" in contoso\.com/u],
    ['{groups: [Nobody]}', /no account "Nobody"/u],
    ['{search: [{base: "OU=No,DC=contoso,DC=com"}]}', /there is no "OU=No,DC=contoso,DC=com"/u],
    ['{search: [{filter: (cn=nobody)}]}', /no computer below contoso\.com fits/u],
    ['{names: [ServerC], except: [ServerC]}', /"except" leaves nobody/u],
  ])('%s: nobody is an error, a warning, or nothing', async ([selection, message]) => {
    const text = rule(`targets: ${selection}\nmiddles: [ServerB]`);
    const error = await plan(text);
    expect(error.errors.map((problem) => problem.message).join()).toMatch(message);
    const warning = await plan(`unmatched: warning\n${text}`);
    expect(warning.errors).toEqual([]);
    expect(warning.warnings.map((problem) => problem.message).join()).toMatch(message);
    expect(told(await plan(`unmatched: ignore\n${text}`))).toEqual([]);
  });

  test.for<readonly [string, RegExp]>([
    ['[twin]', /means twin \(a user\) and TWIN\$/u],
    ['[Middles]', /Middles is a group: "groups" means its members/u],
    ['{groups: [alice]}', /alice is no group, but a user/u],
    ['["FABRIKAM\\\\x"]', /is of domain FABRIKAM/u],
    ['{search: [{base: nonsense}]}', /is not a DN/u],
    ['["S-1-5-x"]', /is not a SID/u],
  ])('%s is an error always', async ([selection, message]) => {
    const text = rule(`targets: ${selection}\nmiddles: [ServerB]`);
    const { errors } = await plan(`unmatched: ignore\n${text}`);
    expect(errors.map((problem) => problem.message).join()).toMatch(message);
    expect(errors[0]?.at.line).toBe(6);
  });

  test('a middle that is nobody is an error always; one that is forbidden is not', async () => {
    const nobody = rule('targets: [ServerC]\nmiddles: [Nobody]');
    expect((await plan(`unmatched: ignore\n${nobody}`)).errors).toHaveLength(1);
    const forbidden = rule('targets: [ServerC]\nforbid: [Nobody]');
    expect(told(await plan(`unmatched: ignore\n${forbidden}`))).toEqual([]);
  });

  test('a middle is no target of its own', async () => {
    const text = rule(`targets: {search: [{base: '${SERVERS}', scope: one}]}\nmiddles: [JumpBox]`);
    const names = (await plan(text)).changes.map(({ target }) => target.name);
    expect(names).toContain('SERVERC$');
    expect(names).not.toContain('JUMPBOX$');
  });

  test('a file of another domain is refused before anything is looked up', async () => {
    const { policy } = loadPolicy('version: 1\ndomain: fabrikam.com\nrules: []');
    if (policy === undefined) throw new Error('no policy');
    const work = planPolicy({ targets: admin, middles: admin }, policy);
    const error = await work.catch((thrown: unknown) => thrown);
    expect(error instanceof AdminError && error.code).toBe('other-domain');
  });
});

describe('rules that contradict', () => {
  const two = (a: string, b: string): string =>
    `rules:\n  - {name: A, targets: [ServerC, ServerB1], ${a}}\n` +
    `  - {name: B, targets: [ServerC, ServerB1], ${b}}\n`;

  test.for<readonly [string, string, string]>([
    ['middles: [ServerB]', 'forbid: [ServerB]', '"A" names SERVERB$, "B" forbids it'],
    [
      'middles: [ServerB]',
      'mode: exact, middles: [JumpBox]',
      '"A" names SERVERB$, "B" is exact without it',
    ],
  ])('%s and %s', async ([a, b, words]) => {
    const { errors } = await plan(two(a, b));
    expect(errors).toEqual([
      {
        at: { line: 5, column: 5 },
        message:
          'two rules contradict about who may act for users to SERVERC$ and 1 more: ' +
          `${words} (line 4)`,
      },
    ]);
  });

  test('two exact rules, and one that contradicts itself', async () => {
    const exact = await plan(
      two('mode: exact, middles: [ServerB]', 'mode: exact, middles: [JumpBox]'),
    );
    expect(exact.errors).toHaveLength(2);
    const itself = await plan(rule('targets: [ServerC]\nmiddles: [ServerB]\nforbid: [ServerB]'));
    expect(itself.errors[0]?.message).toMatch(/^the rule "R" contradicts itself/u);
  });

  test('what agrees is no contradiction', async () => {
    const same = two('mode: exact, middles: [ServerB]', 'middles: [ServerB], forbid: [JumpBox]');
    expect(told(await plan(same)).filter((line) => line.startsWith('error'))).toEqual([]);
  });

  test('flags and services', async () => {
    const text = `kcd:
  - {name: A, middles: [ServerB], services: [cifs/c]}
  - {name: B, middles: [ServerB], forbid: [CIFS/C]}
flags:
  - {name: C, accounts: [alice], sensitive: true}
  - {name: D, accounts: [alice], sensitive: false}
`;
    expect(told(await plan(text)).filter((line) => line.startsWith('error'))).toEqual([
      'error 5:5 two rules contradict about the services of SERVERB$: ' +
        '"A" names cifs/c, "B" forbids it (line 4)',
      'error 8:5 two rules contradict about the flags of alice: ' +
        '"C" wants sensitive to be true, "D" false (line 7)',
    ]);
  });
});

describe('services and flags', () => {
  test('a list of services', async () => {
    const { dn } = await resolveAccount(admin, 'ServerB');
    await put(dn, 'msDS-AllowedToDelegateTo', ['cifs/old', 'HTTP/keep']);
    const text = `kcd:
  - {name: K, middles: [ServerB], mode: exact, services: [http/keep, cifs/new]}
`;
    const made = await plan(text);
    expect(told(made)).toEqual([
      '- SERVERB$ may no longer act for users to cifs/old: "K" names no other',
      '+ SERVERB$ may now act for users to cifs/new: "K" wants it',
    ]);
    expect(made.changes.flatMap((change) => tellDrift(change))).toEqual([
      'may act to cifs/old, but should not',
      'may not act to cifs/new, but should',
    ]);
    expect(made.changes[0]?.after.map(fromUtf8)).toEqual(['HTTP/keep', 'cifs/new']);
    await write(made);
    expect(told(await plan(text))).toEqual([]);
    await put(dn, 'msDS-AllowedToDelegateTo', []);
  });

  test('flags, several of one account in one change', async () => {
    const text = `flags:
  - {name: F, accounts: [alice], sensitive: true, unconstrained: false}
  - {name: G, accounts: [alice], protocolTransition: true}
`;
    const made = await plan(text);
    expect(told(made)).toEqual([
      '+ alice is now sensitive and cannot be delegated: "F" wants it',
      '+ alice is now trusted for any authentication protocol: "G" wants it',
    ]);
    expect(made.changes.flatMap((change) => tellDrift(change))).toEqual([
      'is not sensitive and cannot be delegated, but should be',
      'is not trusted for any authentication protocol, but should be',
    ]);
    expect(made.changes[0]?.after.map(fromUtf8)).toEqual([String(512 | 0x100000 | 0x1000000)]);
    await write(made);
    expect(told(await plan(text))).toEqual([]);
    await put('CN=alice,CN=Users,DC=contoso,DC=com', 'userAccountControl', ['512']);
  });
});

describe('export', () => {
  test('what is exported is what is so: planning it changes nothing', async () => {
    const orphan = (await resolveAccount(admin, 'ServerC')).sid.replace(/\d+$/u, '99999');
    await list('ServerC', `D:(D;;CR;;;{alice})${ALLOW}(A;;CR;;;{JumpBox})`);
    await list('ServerB1', `D:(A;;CR;;;{JumpBox})${ALLOW}(A;;CCDC;;;{alice})`);
    await list('ServerB2', `D:(A;;CR;;;{Middles})(A;;CR;;;${orphan})(A;;CR;;;S-1-5-21-0-7-7-1104)`);
    await list('odd(x)&y', 'D:(A;;CR;;;{CN=twin,CN=Users,DC=contoso,DC=com})(A;;CR;;;WD)');
    await list('alice', 'D:(D;;CR;;;WD)');
    const people = 'CN=alice,CN=Users,DC=contoso,DC=com';
    await put(people, 'userAccountControl', [String(512 | 0x100000 | 0x1000000)]);
    const { dn } = await resolveAccount(admin, 'ServerB');
    await put(dn, 'msDS-AllowedToDelegateTo', ['cifs/c', "odd: # '\u{1F600}"]);
    const { text, accounts, notes } = await exportPolicy(admin);
    expect(text.replaceAll(admin.domain.sid ?? '', 'S-1-5-21-DOMAIN')).toMatchInlineSnapshot(`
      "# Delegation in contoso.com, as doublehop policy export found it.
      # Note: the list of alice lets nobody act, and is left out.
      version: 1
      domain: contoso.com

      rules:
        - name: Everyone and twin may act for users
          targets:
            - odd(x)&y
          mode: exact
          middles:
            - S-1-1-0  # Everyone
            - S-1-5-21-DOMAIN-1110  # CONTOSO\\twin
        - name: JUMPBOX$ and SERVERB$ may act for users
          targets:
            - SERVERB1$
            - SERVERC$
          mode: exact
          middles:
            - JUMPBOX$
            - SERVERB$
        - name: Middles, S-1-5-21-0-7-7-1104 and 1 more may act for users
          targets:
            - SERVERB2$
          mode: exact
          middles:
            - Middles  # group
            - S-1-5-21-0-7-7-1104  # of another domain
            - S-1-5-21-DOMAIN-99999  # no account has it: deleted

      kcd:
        - name: services of SERVERB$
          middles:
            - SERVERB$
          mode: exact
          services:
            - cifs/c
            - "odd: # '😀"

      flags:
        - name: sensitive accounts
          accounts:
            - alice
          sensitive: true
        - name: any authentication protocol
          accounts:
            - alice
          protocolTransition: true
      "
    `);
    expect(accounts).toBe(6);
    expect(notes).toEqual(['the list of alice lets nobody act, and is left out']);
    const { policy } = loadPolicy(text);
    if (policy === undefined) throw new Error('no policy');
    const made = await planPolicy({ targets: admin, middles: admin }, policy);
    expect(told(made)).toEqual([]);
    expect((await exportPolicy(admin)).text).toBe(text);
    await put(dn, 'msDS-AllowedToDelegateTo', []);
  });

  test('of a folder, and of a domain without delegation', async () => {
    await list('ServerC', `D:${ALLOW}`);
    const { rules } = await exportPolicy(admin, { base: `OU=Web,${SERVERS}` });
    expect(rules).toBe(0);
    const { text } = await exportPolicy(admin, { base: `OU=Web,${SERVERS}` });
    expect(loadPolicy(text).problems).toBeUndefined();
  });

  test('with others: revoke it notices what comes later', async () => {
    await list('ServerC', `D:${ALLOW}`);
    const { text } = await exportPolicy(admin, { others: 'revoke', mode: 'include' });
    expect(text).toContain('\nothers: revoke\n');
    expect(text).toContain('mode: include');
    const rest = text.replace(/^version: 1\ndomain: .*\n/mu, '');
    expect(told(await plan(rest))).toEqual([]);
    await list('ServerB1', `D:${ALLOW}`);
    expect(told(await plan(rest))).toEqual([
      '- SERVERB$ may no longer act for users to SERVERB1$: ' +
        'no rule is about it, and others: revoke',
    ]);
  });

  test.for<readonly [string, RegExp]>([
    ['OU=No,DC=contoso,DC=com', /^--search-base: there is no "OU=No,DC=contoso,DC=com"/u],
    ['nonsense', /^--search-base: "nonsense" is not a DN/u],
  ])('of a folder that is none: %s', async ([base, message]) => {
    const error = await exportPolicy(admin, { base }).catch((thrown: unknown) => thrown);
    expect(error instanceof AdminError && error.message).toMatch(message);
  });
});
