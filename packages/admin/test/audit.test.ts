// The audit of a domain with awkward data, counted against what was put in.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Awkward,
  fillAwkwardDomain,
  FOREIGN_DOMAIN,
} from '../../../test/support/awkward-domain.ts';
import { AWKWARD_FORMS } from '../../../test/support/awkward-forms.ts';
import { audit } from '../src/audit/audit.ts';
import type { AuditReport, Finding } from '../src/audit/model.ts';
import type { RuleId } from '../src/audit/rules.ts';
import type { DomainConnection } from '../src/connection.ts';
import { type Contoso, startContoso } from './support/contoso.ts';

let contoso: Contoso;
let connection: DomainConnection;
let awkward: Awkward;
let report: AuditReport;

beforeAll(async () => {
  contoso = await startContoso(async (directory) => {
    awkward = await fillAwkwardDomain(directory);
  });
  connection = await contoso.connectAs('Administrator');
  report = await audit(connection, { clock: () => Date.now() });
}, 60_000);
afterAll(async () => {
  await connection.close();
  await contoso.close();
});

function found(...rules: readonly RuleId[]): readonly Finding[] {
  return report.findings.filter(({ rule }) => rules.includes(rule));
}

function subjects(...rules: readonly RuleId[]): readonly string[] {
  return [...new Set(found(...rules).map(({ subject }) => subject.name))].toSorted();
}

function made(...what: readonly string[]): readonly string[] {
  return what.flatMap((one) => awkward.made.get(one) ?? []).toSorted();
}

/** Computers of startContoso itself, its controller among them. */
const OTHER_COMPUTERS = 7;

describe('what was looked at', () => {
  test('every account, page after page; equal values once', () => {
    const { counts } = report;
    expect(awkward.computers).toBe(5000);
    expect(counts.computers).toBe(5000 + OTHER_COMPUTERS);
    expect(counts.managedAccounts).toBe(AWKWARD_FORMS.length);
    expect(counts.distinctDescriptors).toBeLessThan(30);
    expect(counts.distinctLists).toBeLessThan(AWKWARD_FORMS.length + 15);
    expect(report.unread).toEqual([]);
  });

  test('ids are different, and the worst stands first', () => {
    const ids = report.findings.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const severities = report.findings.map(({ severity }) => severity);
    const order = ['critical', 'high', 'medium', 'low', 'info'];
    const places = severities.map((severity) => order.indexOf(severity));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });
});

describe('unconstrained and constrained delegation', () => {
  test('unconstrained: computers and users, no controllers; disabled ones are told apart', () => {
    expect(subjects('unconstrained', 'unconstrained-disabled')).toEqual(made('unconstrained'));
    expect(subjects('unconstrained-disabled')).toEqual(['AWU2$']);
  });

  test('lists of services, with and without protocol transition, to controllers and not', () => {
    expect(subjects('kcd')).toEqual([...made('kcd', 'ghost', 'chain')].toSorted());
    expect(subjects('kcd-transition')).toEqual(made('transition'));
    expect(subjects('kcd-controller')).toEqual(made('kcd controller'));
    expect(subjects('kcd-controller-transition')).toEqual(made('transition controller'));
    expect(subjects('transition-without-list')).toEqual(made('transition without list'));
  });

  test('services that nobody has; those that HOST stands for are no ghosts', () => {
    expect(found('ghost-spn').map(({ sentence }) => sentence)).toEqual([
      'AWK6$ may act for users to http/nowhere.contoso.com, which no account of the domain has',
    ]);
  });
});

describe('lists of who may act', () => {
  test('every ordinary grant is in the inventory', () => {
    const ordinary = found('rbcd').filter(({ subject }) => /^AW\d{6}\$$/.test(subject.name));
    expect(ordinary).toHaveLength(awkward.ordinaryGrants);
  });

  test.for(AWKWARD_FORMS.map((form) => [form.name, form] as const))('%s', ([name, form]) => {
    for (const account of made(`form ${name}`)) {
      const own = report.findings.filter(({ subject }) => subject.name === account);
      const rules = own.map(({ rule }) => rule);
      expect(rules.includes('rbcd'), `${account} is in the inventory`).toBe(form.acts !== 'nobody');
      expect(rules.includes('rbcd-empty')).toBe(form.odd === 'empty');
      expect(rules.includes('rbcd-unparsable')).toBe(form.odd === 'unparsable');
      expect(rules.includes('rbcd-null-dacl')).toBe(form.odd === 'null-dacl');
      expect(rules.includes('rbcd-everybody')).toBe(form.odd === 'everybody');
      expect(rules.includes('rbcd-ineffective')).toBe(form.odd === 'ineffective');
      expect(rules.includes('rbcd-deny-order')).toBe(form.odd === 'deny-order');
      expect(rules.includes('rbcd-foreign')).toBe(form.odd === 'foreign');
      expect(rules.includes('rbcd-orphan')).toBe(form.odd === 'orphan');
    }
  });

  test('targets that nobody should be able to act to', () => {
    expect(subjects('rbcd-krbtgt')).toEqual(['krbtgt']);
    expect(subjects('rbcd-controller')).toEqual(made('rbcd controller'));
    expect(subjects('rbcd-tier0')).toEqual(made('rbcd tier 0'));
  });

  test('middles that are people, or disabled; groups are followed, rings too', () => {
    expect(subjects('rbcd-user-middle')).toEqual(made('rbcd user trustee'));
    expect(subjects('rbcd-disabled-middle')).toEqual(made('rbcd disabled trustee'));
    const [group] = found('rbcd').filter(
      ({ subject }) => subject.name === made('form group of groups')[0],
    );
    expect(group?.evidence[0]).toContain('aw-outer (1 member: AWMIDDLE$)');
    const [ring] = found('rbcd').filter(({ subject }) => subject.name === 'AWRING$');
    expect(ring?.evidence[0]).toContain('aw-ring1 (0 members)');
  });

  test('a foreign SID is told with its trust', () => {
    const sentences = found('rbcd-foreign').map(({ sentence }) => sentence);
    expect(sentences.filter((text) => text.includes(' of foreign.example '))).toHaveLength(3);
    expect(sentences).toContain(
      `${FOREIGN_DOMAIN}-1106 may act for users to AWFM$ through aw-foreign`,
    );
    expect(sentences.filter((text) => text.includes('a domain that is not trusted'))).toHaveLength(
      3,
    );
  });

  test('RBCD, and then constrained delegation from there', () => {
    expect(subjects('chain')).toEqual(made('chain'));
  });
});

describe('who may write the lists', () => {
  /** Accounts that a finding names as written to. */
  function written(rule: RuleId, who: RegExp): readonly string[] {
    return found(rule)
      .filter(({ sentence }) => who.test(sentence))
      .flatMap(({ evidence }) => evidence.filter((line) => line.startsWith('on ')))
      .flatMap((line) => line.slice(3).split(', '))
      .toSorted();
  }

  test('by the attribute, its property set, all properties, the access list, the owner', () => {
    const ways = [...awkward.made.keys()].filter((name) => /^writer (?!by|joiners)/.test(name));
    expect(ways).toHaveLength(8);
    expect(written('writer', /aw-(?:user|creator) may/)).toEqual(made(...ways));
  });

  test('denials come first, of groups too; other attributes and heirs do not count', () => {
    const none = [...awkward.made.keys()].filter((name) => name.startsWith('no writer'));
    const named = new Set(found('writer', 'writer-owner').flatMap(({ evidence }) => evidence));
    expect(none).toHaveLength(5);
    for (const account of made(...none)) expect([...named].join('\n')).not.toContain(account);
  });

  test('an owner, unless an entry for OWNER RIGHTS limits owners', () => {
    expect(written('writer-owner', /./)).toEqual(made('writer by owning'));
  });

  test('an inherited entry counts on every computer of the folder', () => {
    const [joiners] = found('writer').filter(({ sentence }) => sentence.includes('aw-joiners'));
    expect(joiners?.sentence).toContain('to 7 accounts');
    expect(joiners?.evidence).toContain('2 members: aw-user, aw-müller');
  });

  test('SELF on all of the domain is one finding; groups nobody is in are remarks', () => {
    expect(found('writer-self')).toHaveLength(1);
    const operators = found('writer').filter(({ sentence }) => sentence.includes('Operators'));
    expect(operators.map(({ severity }) => severity)).toEqual(['info']);
  });
});

describe('the domain', () => {
  test('the quota, owners, administrators', () => {
    expect(found('machine-account-quota')[0]?.evidence).toEqual(['ms-DS-MachineAccountQuota: 10']);
    expect(found('implicit-owner-rights')).toHaveLength(1);
    expect(subjects('admin-delegatable')).toEqual(
      [...made('admin open'), 'Administrator'].toSorted(),
    );
    expect(subjects('former-admin-delegatable')).toEqual(made('admin former'));
  });

  test('trusts: TGT delegation, SID filters, selective authentication (MS-ADTS 6.1.6.7.9)', () => {
    expect(subjects('trust-tgt-delegation')).toEqual(['delegating.example']);
    expect(subjects('trust-sid-filtering')).toEqual(['external.example', 'unfiltered.example']);
    expect(subjects('trust-everybody')).not.toContain('selective.example');
    expect(subjects('trust-everybody')).toHaveLength(5);
  });
});

describe('a part of the domain, and a part of the rights', () => {
  test('a folder: its accounts alone', async () => {
    const searchBase = 'OU=Joined,OU=Awkward,DC=contoso,DC=com';
    const some = await audit(connection, { clock: () => 0, searchBase });
    expect(some.counts.computers).toBe(7);
    expect(some.findings.filter(({ rule }) => rule === 'rbcd')).toEqual([]);
  });

  test('a folder that is not there', async () => {
    const searchBase = 'OU=Nowhere,DC=contoso,DC=com';
    const work = audit(connection, { clock: () => 0, searchBase });
    await expect(work).rejects.toMatchObject({ code: 'not-found', argument: '--search-base' });
  });

  test('a folder that is none', async () => {
    const work = audit(connection, { clock: () => 0, searchBase: 'Servers' });
    await expect(work).rejects.toMatchObject({ code: 'usage', argument: '--search-base' });
  });

  test('an ordinary user sees the same, but for accounts that are hidden from it', async () => {
    const alice = await contoso.connectAs('alice');
    const seen = await audit(alice, { clock: () => Date.now() });
    await alice.close();
    const ids = new Set(seen.findings.map(({ id }) => id));
    const missing = report.findings.filter(({ id }) => !ids.has(id));
    const guarded = made(...[...awkward.made.keys()].filter((what) => what.includes('writer')));
    const hidden = missing
      .flatMap(({ evidence }) => evidence)
      .filter((line) => line.startsWith('on '));
    expect(hidden).toHaveLength(missing.length);
    for (const line of hidden) {
      for (const name of line.slice(3).split(', ')) expect(guarded).toContain(name);
    }
  });

  test('what was not told is a finding, never an all-clear', async () => {
    const { client } = connection;
    const blind = {
      ...connection,
      client: {
        search: client.search.bind(client),
        modify: client.modify.bind(client),
        close: async () => undefined,
        searchAll: (options: Parameters<typeof client.searchAll>[0]) => {
          const hidden = ['nTSecurityDescriptor', 'userAccountControl'];
          const attributes = options.attributes?.filter((name) => !hidden.includes(name));
          return client.searchAll({ ...options, ...(attributes && { attributes }) });
        },
      },
    };
    const searchBase = 'OU=Joined,OU=Awkward,DC=contoso,DC=com';
    const some = await audit(blind, { clock: () => 0, searchBase });
    expect(some.unread.map(({ what }) => what)).toEqual([
      'userAccountControl of 7 accounts',
      'nTSecurityDescriptor of 7 accounts',
    ]);
    expect(some.findings.filter(({ rule }) => rule === 'unread')).toHaveLength(2);
  });
});
