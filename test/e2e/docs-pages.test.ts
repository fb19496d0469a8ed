// What the documentation shows is what the commands print: every console block of these pages is
// run, in order, against a domain of the page's own. With UPDATE_DOCS=1 the pages are rewritten.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainData, readData } from '@doublehop/admin/policy/data';
import { loadPolicy } from '@doublehop/admin/policy/load';
import { POLICY_SCHEMA } from '@doublehop/admin/policy/schema';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, test } from 'vitest';
import { type Answer, PageConsole, readPage, withOutputs } from '../support/console-blocks.ts';
import { type Contoso, startContoso } from '../support/contoso.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const COMMANDS = ['policy', 'plan', 'apply', 'drift', 'completion'];
const PAGES = [...COMMANDS.map((name) => `commands/${name}`), 'first-hour', 'connecting'];

const dir = makeTempDir('docs-pages');
const domains: Contoso[] = [];
afterAll(async () => {
  for (const domain of domains) await domain.stop();
  removeDir(dir);
});

/** A domain, and a console in which an administrator works on it. */
async function consoleFor(name: string, files: ReadonlyMap<string, string>): Promise<PageConsole> {
  const folder = join(dir, name.replace('/', '-'));
  const contoso = await startContoso(folder);
  domains.push(contoso);
  for (const [file, text] of files) writeFileSync(join(folder, file), text);
  const env = {
    ...contoso.env,
    HOME: folder,
    DOUBLEHOP_LDAP: `ldap://${contoso.address}:${contoso.ldapPort}`,
  };
  const question = /^Password for Administrator@CONTOSO\.COM: $/u;
  const password = contoso.password('Administrator');
  // In the first hour somebody mistypes.
  const typed = name === 'first-hour' ? ['wrong', password] : [password];
  const answers: readonly Answer[] = [
    { question: /\[y\/N\] $/u, answers: ['y'] },
    { question, answers: typed, secret: true },
    { question: /^Password for (?:alice|nobody)@\S+: $/u, answers: ['wrong'], secret: true },
  ];
  return new PageConsole({ dir: folder, env, answers });
}

/** What differs from run to run: the domain's SID, ports, the time. */
function stable(text: string): string {
  return text
    .replace(/S-1-5-21(?:-\d+){3}/gu, 'S-1-5-21-1004336348-1177238915-682003330')
    .replace(/(?<=010500000000000515000000)[0-9a-f]{24}/gu, 'dcf4dc3b833d2b46828ba628')
    .replace(/\b\d\d:\d\d(?::\d\d)?\b/gu, (time) => (time.length > 5 ? '09:15:00' : '09:15'))
    .replace(/\b20\d\d-\d\d-\d\d\b/gu, '2026-01-31')
    .replace(/\b\d\d\/\d\d\/20\d\d\b/gu, '01/31/2026')
    .replace(/\b20\d{6}-\d{6}-[0-9a-f]{4,8}\b/gu, '20260131-091500-a1b2c')
    .replace(/\b127\.\d+\.\d+\.\d+:\d{4,}\b/gu, 'dc.contoso.com')
    .replace(/\bin \d+(?:\.\d+)?(?=\s+s$)/gmu, 'in 0.1')
    .replace(/ +$/gmu, '');
}

const validate = new Ajv2020({ strict: false }).compile(POLICY_SCHEMA);

test('docs/policy.schema.json is the schema that the command prints', () => {
  const copy = readFileSync(join(repositoryRoot, 'docs/policy.schema.json'), 'utf8');
  expect(JSON.parse(copy)).toEqual(POLICY_SCHEMA);
});

describe.each(PAGES)('docs/%s.md', (name) => {
  const path = join(repositoryRoot, `docs/${name}.md`);
  const page = readPage(path);

  test('shows what the commands print, in 80 columns and without colour', async () => {
    const terminal = await consoleFor(name, page.files);
    if (page.commands[0]?.command.startsWith('doublehop kinit') !== true) {
      await terminal.run('doublehop kinit Administrator');
    }
    const outputs: string[] = [];
    for (const { command } of page.commands) outputs.push(stable(await terminal.run(command)));
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, withOutputs(page, outputs));
    const shown = readPage(path).commands;
    const asShown = page.commands.map(({ command }, at) => [command, `${shown[at]?.shown}\n`]);
    const asPrinted = page.commands.map(({ command }, at) => {
      const output = outputs[at] ?? '';
      return [command, output.endsWith('\n') ? output : `${output}\n`];
    });
    expect(
      asShown.map(([command, text]) => [command, stable(text ?? '')]),
      'UPDATE_DOCS=1 rewrites the page',
    ).toEqual(asPrinted);
    expect(outputs.join('')).not.toContain('\u001B');
  });

  test('shows policy files that schema and loader take, but for those called wrong', () => {
    for (const [file, text] of page.files) {
      const { data } = readData(text);
      const valid = data !== undefined && validate(plainData(data));
      expect([file, valid]).toEqual([file, !file.startsWith('wrong')]);
      expect([file, loadPolicy(text).problems === undefined]).toEqual([file, valid]);
    }
  });
});
