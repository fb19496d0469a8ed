// The outputs of an audit: saved runs, spreadsheets, pages, BloodHound; names are hostile.
import { describe, expect, test } from 'vitest';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { encodeSid } from '@doublehop/security/sid';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { audit, type Judged } from '../src/audit/audit.ts';
import { BloodHoundCollector } from '../src/audit/bloodhound.ts';
import { compareReports } from '../src/audit/compare.ts';
import { reportCsv } from '../src/audit/csv.ts';
import { finding } from '../src/audit/finding.ts';
import { reportHtml } from '../src/audit/html.ts';
import type { AuditReport, Finding } from '../src/audit/model.ts';
import { parseSavedReport, reportJson } from '../src/audit/report-json.ts';
import { hashOf, SpnTable } from '../src/audit/spn-table.ts';
import { AdminError } from '../src/errors.ts';
import { DOMAIN_SID, FakeDirectory } from './support/fake-directory.ts';

function reportOf(findings: readonly Finding[]): AuditReport {
  return {
    domain: 'contoso.com',
    domainSid: DOMAIN_SID,
    controller: 'dc.contoso.com',
    searchBase: undefined,
    started: 1_800_000_000_000,
    finished: 1_800_000_001_500,
    counts: {
      computers: 1,
      users: 1,
      managedAccounts: 0,
      lists: 0,
      distinctLists: 0,
      distinctDescriptors: 0,
    },
    findings,
    unread: [{ what: 'nTSecurityDescriptor of 1 account', consequence: 'not known' }],
  };
}

function about(name: string, rid = 1104): Finding {
  return finding('rbcd-everybody', {
    subject: { name, dn: `CN=${name},DC=contoso,DC=com`, sid: `${DOMAIN_SID}-${rid}` },
    sentence: `Everyone may act for users to ${name}`,
    evidence: [`entry 1 of ${name}`],
    fix: 'doublehop revoke --all --target X',
  });
}

/** Reads RFC 4180 without the code that wrote it. */
function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  for (const line of text.split('\r\n').slice(0, -1)) {
    rows.push(
      [...line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map(([, cell = '']) =>
        cell.replaceAll('""', '"'),
      ),
    );
  }
  return rows;
}

describe('CSV (RFC 4180)', () => {
  test('a heading, a row for each finding, the same number of cells', () => {
    const rows = parseCsv([...reportCsv(reportOf([about('A$'), about('"B", C$', 1105)]))].join(''));
    expect(rows).toHaveLength(3);
    expect(rows.map((row) => row.length)).toEqual([12, 12, 12]);
    expect(rows[2]?.[3]).toBe('"B", C$');
  });

  test.for(['=SUM(A1)', '+1', '-1', '@cmd', '\t=1', ' =1', '＝1'])(
    '%j is no formula (CWE-1236)',
    (name) => {
      const rows = parseCsv([...reportCsv(reportOf([about(name)]))].join(''));
      expect(rows[1]?.[3]).toMatch(/^'|^<U\+0009>/);
    },
  );

  test('any text stays in its cell', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const rows = parseCsv([...reportCsv(reportOf([about(name)]))].join(''));
        expect(rows).toHaveLength(2);
        expect(rows[1]).toHaveLength(12);
      }),
    );
  });
});

describe('HTML', () => {
  test('nothing from the directory is markup, and nothing is loaded', () => {
    const evil = `<script>alert(1)</script>"' onload=x <img src=http://x>`;
    const page = [...reportHtml(reportOf([about(evil)]))].join('');
    expect(page).not.toMatch(/<script|<img|<link|src="|url\(/i);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;');
    expect(page).toContain("default-src 'none'");
    expect(page).toContain('@media print');
  });

  test('elements that are opened are closed, whatever names there are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const page = [...reportHtml(reportOf([about(name)]))].join('');
        for (const tag of ['section', 'table', 'tr', 'td', 'ul', 'li', 'code', 'main', 'html']) {
          const opened = page.split(new RegExp(`<${tag}[ >]`)).length;
          expect(opened, tag).toBe(page.split(`</${tag}>`).length);
        }
      }),
    );
  });

  test('characters that turn a line around are spelled out', () => {
    const page = [...reportHtml(reportOf([about('\u202Egnp.exe')]))].join('');
    expect(page).toContain('&lt;U+202E&gt;gnp.exe');
  });
});

describe('saved runs', () => {
  const saved = (report: AuditReport): Uint8Array => utf8(JSON.stringify(reportJson(report)));

  test('what is new, changed and gone', () => {
    const before = parseSavedReport(saved(reportOf([about('A$'), about('B$', 1105)])), '--since');
    const worse = { ...about('B$', 1105), evidence: ['entry 2'] };
    const now = reportOf([worse, about('C$', 1106)]);
    const changes = compareReports(now, before);
    expect(now.findings.map(changes.of)).toEqual(['changed', 'new']);
    expect(changes.gone.map(({ id }) => id)).toEqual([about('A$').id]);
    expect(compareReports(now, parseSavedReport(saved(now), '--since')).gone).toEqual([]);
  });

  test('its shape is told by format and version, findings with what other tools call them', () => {
    const json: unknown = JSON.parse(fromUtf8(saved(reportOf([about('A$')]))));
    expect(json).toMatchObject({
      format: 'doublehop-audit',
      version: 1,
      summary: { critical: 1, high: 0, medium: 0, low: 0, info: 0 },
      findings: [
        {
          id: `rbcd-everybody:${DOMAIN_SID}-1104`,
          severity: 'critical',
          subject: { name: 'A$', kind: null },
          references: ['PingCastle P-DelegationEveryone', 'BloodHound AllowedToAct'],
        },
      ],
      unread: [{ what: 'nTSecurityDescriptor of 1 account' }],
    });
  });

  test.for([
    ['', 'no JSON'],
    ['[]', 'no saved audit'],
    ['{"format":"doublehop-audit","version":2}', 'of version 2'],
    ['{"format":"doublehop-audit","version":1}', 'lacks its domain'],
    [
      '{"format":"doublehop-audit","version":1,"domain":"x","started":"2026-01-01",' +
        '"findings":[{}]}',
      'malformed',
    ],
  ] as const)('%s is refused: %s', ([text, why]) => {
    expect(() => parseSavedReport(utf8(text), '--since')).toThrow(AdminError);
    expect(() => parseSavedReport(utf8(text), '--since')).toThrow(why);
  });

  test('octets of any kind are read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8)), (octets) => {
        try {
          parseSavedReport(octets, '--since');
        } catch (error) {
          expect(error).toBeInstanceOf(AdminError);
        }
      }),
    );
  });
});

describe('service principal names', () => {
  test('the same name of another case on another account is suspicious', () => {
    const table = new SpnTable();
    for (let owner = 0; owner < 5000; owner += 1) {
      table.add(utf8(`HOST/aw${owner}`), owner);
      table.add(utf8(`HOST/aw${owner}`), owner);
    }
    expect([...table.suspects()]).toEqual([]);
    table.add(utf8('host/AW17'), 9999);
    table.add(utf8('HTTP/Müller'), 1);
    table.add(utf8('http/MÜLLER'), 2);
    expect(table.suspects()).toEqual(
      new Set([hashOf(utf8('host/aw17')), hashOf(utf8('http/müller'))]),
    );
  });
});

describe('a small domain', () => {
  function filled(): FakeDirectory {
    const directory = new FakeDirectory();
    const aces = ['D 1103', 'A 1102', 'A 1103'].map((ace) => {
      const [type, rid] = ace.split(' ');
      return `(${type};;CR;;;${DOMAIN_SID}-${rid})`;
    });
    const list = `O:BAD:${aces.join('')}`;
    const base = { objectClass: 'user', userAccountControl: '4096' };
    directory.add('DC=contoso,DC=com', { 'ms-DS-MachineAccountQuota': '0' });
    for (const [name, rid, more] of [
      ['ServerB', 1102, {}],
      ['Other', 1103, {}],
      [
        'ServerC',
        1104,
        { 'msDS-AllowedToActOnBehalfOfOtherIdentity': encodeDescriptor(parseSddl(list)) },
      ],
    ] as const) {
      directory.add(`CN=${name},DC=contoso,DC=com`, {
        ...base,
        sAMAccountName: `${name}$`,
        objectSid: encodeSid(`${DOMAIN_SID}-${rid}`),
        servicePrincipalName: rid === 1104 ? 'http/TWICE' : 'HTTP/twice',
        ...more,
      });
    }
    directory.entries.get('CN=Other,DC=contoso,DC=com')?.delete('servicePrincipalName');
    for (const entry of directory.entries.values()) {
      if (entry.has('sAMAccountName')) entry.set('objectClass', [utf8('user'), utf8('computer')]);
    }
    return directory;
  }

  test('one name on two accounts is found, whatever its case', async () => {
    const directory = filled();
    const report = await audit(directory.connection(), { clock: () => 0 });
    const twice = report.findings.filter(({ rule }) => rule === 'duplicate-spn');
    expect(twice.map(({ sentence }) => sentence)).toEqual([
      'HTTP/twice is registered by ServerB$ and ServerC$',
    ]);
  });

  test('BloodHound gets the middles that really may act', async () => {
    const connection = filled().connection();
    const collector = await BloodHoundCollector.start(connection);
    const judged: Judged[] = [];
    await audit(connection, {
      ...collector.options,
      clock: () => 0,
      onJudged: (one) => judged.push(one),
    });
    const [first] = judged;
    const { computers } = first === undefined ? { computers: undefined } : collector.files(first);
    expect(computers).toMatchObject({
      meta: { type: 'computers', count: 3, version: 6 },
      data: [
        { ObjectIdentifier: `${DOMAIN_SID}-1102`, AllowedToAct: [] },
        { ObjectIdentifier: `${DOMAIN_SID}-1103`, AllowedToAct: [] },
        {
          ObjectIdentifier: `${DOMAIN_SID}-1104`,
          AllowedToAct: [{ ObjectIdentifier: `${DOMAIN_SID}-1102`, ObjectType: 'Computer' }],
          Properties: { samaccountname: 'ServerC$', domain: 'CONTOSO.COM' },
        },
      ],
    });
  });
});
