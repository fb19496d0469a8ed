import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainData, readData } from '../src/policy/data.ts';
import { loadPolicy, policyOf } from '../src/policy/load.ts';
import { POLICY_SCHEMA } from '../src/policy/schema.ts';

const validate = new Ajv2020({ strict: false, allErrors: true }).compile(POLICY_SCHEMA);

const HEAD = 'version: 1\ndomain: contoso.com\n';

/** What is wrong with a file, as `line:column message`. */
function faults(text: string): readonly string[] {
  const { problems = [] } = loadPolicy(text);
  return problems.map(({ at, message }) => `${at.line}:${at.column} ${message}`);
}

/** Whether the JSON Schema accepts what a YAML text says. */
function schemaAccepts(text: string): boolean {
  const { data } = readData(text);
  return data !== undefined && validate(plainData(data));
}

describe('a policy file', () => {
  test('everything that may stand in it', () => {
    const text = `${HEAD}unmatched: warning
others: revoke
rules:
  - name: jump box
    targets:
      names: [ServerC, 'CN=a\\, b,DC=contoso,DC=com']
      groups: [Web servers]
      search:
        - base: OU=Servers,OU=NA,DC=contoso,DC=com
          scope: one
          filter: (cn=Web*)
          kinds: [computer, service-account]
      except: [JumpBox]
    mode: exact
    middles: [JumpBox, CONTOSO\\Middles, S-1-5-21-1-2-3-1104]
    forbid: [ServerB]
kcd:
  - name: front end
    middles: [ServerB]
    services: [cifs/serverc.contoso.com]
flags:
  - name: people
    accounts: { groups: [Domain Admins] }
    sensitive: true
`;
    expect(faults(text)).toEqual([]);
    expect(schemaAccepts(text)).toBe(true);
    const { policy } = loadPolicy(text);
    expect(policy).toMatchObject({
      domain: { value: 'contoso.com', at: { line: 2, column: 9 } },
      unmatched: 'warning',
      others: 'revoke',
      rules: [
        {
          name: 'jump box',
          at: { line: 6, column: 5 },
          mode: 'exact',
          targets: {
            names: [{ value: 'ServerC' }, { value: 'CN=a\\, b,DC=contoso,DC=com' }],
            search: [{ scope: 'one', kinds: ['computer', 'service-account'] }],
            except: { names: [{ value: 'JumpBox' }] },
          },
          middles: [{ value: 'JumpBox' }, { value: 'CONTOSO\\Middles' }, {}],
        },
      ],
      kcd: [{ mode: 'include', services: [{ value: 'cifs/serverc.contoso.com' }] }],
    });
    expect(policy?.flags[0]?.set).toEqual(new Map([['sensitive', true]]));
  });

  test('a list under an anchor may be used again', () => {
    const rule = '  - {name: A, targets: &t [C1, C2], middles: [B]}\n';
    const again = '  - {name: B, targets: {groups: [G], except: *t}, middles: [D]}\n';
    const { policy } = loadPolicy(`${HEAD}rules:\n${rule}${again}`);
    expect(policy?.rules[1]?.targets.except?.names.map(({ value }) => value)).toEqual(['C1', 'C2']);
  });
});

const rules = (rule: string): string => `${HEAD}rules:\n  - ${rule}\n`;

/** Files that both the loader and the schema refuse, and the loader's words. */
const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['[]', /^1:1 a policy file is a mapping with version, /],
  ['domain: a.b\nrules: []', /^1:1 the file has no "version"/],
  ['version: 2\ndomain: a.b\nrules: []', /^1:10 "version" is 1: this program/],
  ['version: "1"\ndomain: a.b\nrules: []', /^1:10 "version" is 1/],
  ['version: 1\nrules: []', /^1:1 the file has no "domain"/],
  [HEAD, /^1:1 the file has no rules; give "rules", "kcd" or "flags"/],
  [`${HEAD}rules: []\nrule: []`, /^4:1 a policy file has no key "rule"; "rules" is meant\?/],
  [`${HEAD}rules: []\nservers: []`, /^4:1 .* no key "servers"; known are version, domain/],
  [`${HEAD}rules: {}`, /^3:8 a part of rules is a list/],
  [`${HEAD}rules: []\nunmatched: maybe`, /^4:12 "unmatched" is one of error, warning and ignore/],
  [`${HEAD}rules: []\nothers: remove`, /^4:9 "others" is one of keep and revoke/],
  [rules('ServerC'), /^4:5 a rule is a mapping/],
  [rules('{targets: [C], middles: [B]}'), /^4:5 a rule has no "name"/],
  [rules('{name: 1, targets: [C], middles: [B]}'), /^4:12 "name" is a text, not 1; put it in quo/],
  [rules('{name: "", targets: [C], middles: [B]}'), /^4:12 "name" is empty/],
  [rules('{name: "a\\nb", targets: [C], middles: [B]}'), /^4:12 "name" has line breaks/],
  [rules(`{name: ${'x'.repeat(201)}, targets: [C], middles: [B]}`), /is longer than 200/],
  [rules('{name: A, middles: [B]}'), /^4:5 the rule has no "targets"/],
  [rules('{name: A, targets: [], middles: [B]}'), /"targets" is an empty list/],
  [rules('{name: A, targets: {}, middles: [B]}'), /"targets" chooses nobody; give a list of names/],
  [rules('{name: A, targets: {except: [C]}, middles: [B]}'), /"targets" chooses nobody/],
  [rules('{name: A, targets: {names: []}, middles: [B]}'), /"names" is an empty list/],
  [rules('{name: A, targets: C, middles: [B]}'), /"targets" is a mapping with names, groups/],
  [rules('{name: A, targets: [C], middles: B}'), /"middles" is a list, one "- " a line/],
  [rules('{name: A, targets: [C], middles: [1104]}'), /an entry of "middles" is a text, not 1104/],
  [rules('{name: A, targets: [C], middles: [~]}'), /is a text, not nothing/],
  [
    rules('{name: A, targets: [C], middles: []}'),
    /"middles" is empty; for nobody at all, say mode/,
  ],
  [rules('{name: A, targets: [C]}'), /the rule says nothing: give "middles" or "forbid"/],
  [rules('{name: A, targets: [C], mode: exact}'), /mode exact needs "middles"/],
  [
    rules('{name: A, targets: [C], mode: only, middles: [B]}'),
    /"mode" is one of include and exact/,
  ],
  [rules('{name: A, targets: [C], middles: [B], forbid: []}'), /"forbid" is an empty list/],
  [rules('{name: A, targets: {search: [{scope: one}]}, middles: [B]}'), /a search has a base or/],
  [rules('{name: A, targets: {search: [{base: X, scope: sub}]}, middles: [B]}'), /"scope" is one/],
  [rules('{name: A, targets: {search: [{base: X, kinds: [dc]}]}, middles: [B]}'), /a kind is one/],
  [
    rules('{name: A, targets: {search: [{base: X, kinds: []}]}, middles: [B]}'),
    /"kinds" is an emp/,
  ],
  [rules('{name: A, targets: {names: [C], except: {}}, middles: [B]}'), /"except" chooses nobody/],
  [
    rules('{name: A, targets: {names: [C], except: {names: [D], except: [E]}}, middles: [B]}'),
    /"except" has no key "except"/,
  ],
  [`${HEAD}kcd:\n  - {name: A, targets: [B], services: [a/b]}`, /a rule has no key "targets"/],
  [`${HEAD}kcd:\n  - {name: A, middles: [B]}`, /the rule says nothing: give "services"/],
  [`${HEAD}flags:\n  - {name: A, accounts: [B]}`, /a rule of flags has one of sensitive, proto/],
  [`${HEAD}flags:\n  - {name: A, accounts: [B], sensitive: yes}`, /is true or false, not a text/],
];

describe('JSON Schema and loader agree', () => {
  test.for(REFUSED)('%s', ([text, message]) => {
    expect(faults(text).join('\n')).toMatch(new RegExp(message.source, 'm'));
    expect(schemaAccepts(text)).toBe(false);
  });

  test('about files of any form', () => {
    const text = fc.constantFrom('A', 'B', '', ' ', 'a\tb', 'cifs/c', 'x'.repeat(201));
    const scalar = fc.oneof({ weight: 6, arbitrary: text }, fc.constantFrom(1, true, null));
    const scalars = fc.oneof({ weight: 9, arbitrary: fc.array(scalar, { maxLength: 2 }) }, scalar);
    const some = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
      fc.record(model, { requiredKeys: [] });
    const search = some({
      base: scalar,
      scope: fc.constantFrom('base', 'one', 'all'),
      kinds: fc.array(fc.constantFrom('user', 'computer', 'group'), { maxLength: 2 }),
    });
    const parts = { names: scalars, groups: scalars, search: fc.array(search, { maxLength: 2 }) };
    const except = fc.oneof(scalars, some(parts));
    const selection = fc.oneof(scalars, some<object>({ ...parts, except, other: scalar }));
    const rule = some<object>({
      name: fc.uuid(),
      targets: selection,
      accounts: selection,
      middles: fc.oneof(scalars, selection),
      services: scalars,
      mode: fc.constantFrom('exact', 'include', 'exact', 'never'),
      forbid: scalars,
      sensitive: fc.constantFrom(true, false, 'yes'),
    });
    const file = some<object>({
      version: fc.constantFrom(1, 1, 1, '1'),
      domain: fc.constantFrom('contoso.com', 'contoso.com', ' '),
      others: fc.constantFrom('keep', 'revoke', 'x'),
      rules: fc.array(rule, { maxLength: 1 }),
      kcd: fc.array(rule, { maxLength: 1 }),
      flags: fc.array(rule, { maxLength: 1 }),
    });
    // Two rules of one name are a matter of meaning, not of form; the names here are unique.
    fc.assert(
      fc.property(file, (value) => {
        const { data } = readData(JSON.stringify(value));
        expect(data).toBeDefined();
        if (data === undefined) return;
        expect(policyOf(data).problems === undefined).toBe(validate(plainData(data)));
      }),
      { numRuns: 500 },
    );
  });

  test('files that are taken by both', () => {
    const nobody = rules('{name: A, targets: [C], mode: exact, middles: []}');
    const forbidden = rules('{name: A, targets: [C], forbid: [B]}');
    for (const text of [nobody, forbidden, `${HEAD}rules: []`, `${HEAD}rules: []\nkcd: []`]) {
      expect(faults(text)).toEqual([]);
      expect(schemaAccepts(text)).toBe(true);
    }
  });
});

describe('what the schema cannot say', () => {
  test('a name of a rule stands once', () => {
    const rule = '{name: A, targets: [C], middles: [B]}';
    const text = `${HEAD}rules:\n  - ${rule}\nkcd:\n  - {name: A, middles: [B], services: [a/b]}`;
    expect(faults(text)).toEqual(['6:12 the name "A" is that of the rule in line 4 too']);
  });

  test('a filter is one', () => {
    const text = rules('{name: A, targets: {search: [{filter: "(cn=Web*"}]}, middles: [B]}');
    expect(faults(text).join()).toMatch(/^4:43 no LDAP filter: /);
  });
});

describe('YAML is read strictly', () => {
  test.for<readonly [string, RegExp]>([
    ['', /^1:1 the file is empty/],
    ['a: 1\n---\nb: 2', /^2:1 a policy file is one document/],
    ['version: 1\ndomain: a\ndomain: b', /^3:1 "domain" stands twice; the first is in line 2/],
    ['a: !!str 1', /^1:\d+ tags/],
    ['a: !foo x', /^1:\d+ tags/],
    ['1: x', /^1:1 a key must be a plain text/],
    ['a:\n\tb: 1', /^2:1 a tab indents this line/],
    ['a: [1, 2', /^1:\d+ no YAML: /],
    ['a: *nobody', /^1:\d+ (?:no YAML|there is no anchor)/],
    ['a: &a [*a]', /nested too deep/],
    ['['.repeat(5000), /nested too deep|no YAML: /],
    [`${'['.repeat(18)}${']'.repeat(18)}`, /nested too deep/],
    ['x'.repeat(8 * 1_048_576 + 1), /larger than 8 MB/],
  ])('%#', ([text, message]) => {
    expect(faults(text).join('\n')).toMatch(message);
  });

  test('aliases of aliases do not become more than the limit', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let at = 1; at < 9; at += 1) {
      const list = Array.from({ length: 10 }, () => `*a${at - 1}`).join(', ');
      lines.push(`a${at}: &a${at} [${list}]`);
    }
    expect(faults(lines.join('\n')).join()).toContain('aliases counted');
  });

  test('any text is a policy or has a problem with a place in it', () => {
    const part = fc.constantFrom('version: 1', 'rules:', '  - ', '\n', '{', '[', '&a', '*a', '!t');
    const text = fc.oneof(
      fc.string(),
      fc.array(part).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (source) => {
        const { policy, problems } = loadPolicy(source);
        expect(policy === undefined).toBe(problems !== undefined);
        for (const { at, message } of problems ?? []) {
          expect(at.line).toBeGreaterThan(0);
          expect(at.column).toBeGreaterThan(0);
          expect(message).not.toContain('\n');
        }
      }),
      { numRuns: 500 },
    );
  });
});
