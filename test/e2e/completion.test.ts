// What shells complete behind `doublehop`, asked of the shells themselves.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allNodes, completionTree } from '@doublehop/cli/completion/tree';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, contextOf } from '../../packages/cli/test/support/call.ts';
import { textsOf } from '../../packages/powershell/test/support/console.ts';
import { requirePeers } from '../support/peers.ts';
import { runOrThrow } from '../support/run.ts';
import { makeTempDir, removeDir, repositoryRoot } from '../support/temp.ts';

const dir = makeTempDir('completion');
const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

beforeAll(async () => {
  for (const shell of SHELLS) {
    const { stdout } = await call(['completion', shell]);
    writeFileSync(join(dir, `doublehop.${shell}`), stdout);
  }
  mkdirSync(join(dir, 'policies'));
  writeFileSync(join(dir, 'policies', 'one.yaml'), '');
  writeFileSync(join(dir, 'policies', 'two.yaml'), '');
});
afterAll(() => removeDir(dir));

/** Lines as they stand before the tab, and what all shells find; words are in no order. */
const LINES: readonly (readonly [line: string, found: readonly string[]])[] = [
  ['doublehop gr', ['grant']],
  ['doublehop policy ', ['check', 'export', 'schema']],
  ['doublehop policy e', ['export']],
  ['doublehop policy export --mode ', ['exact', 'include']],
  ['doublehop grant --middle ServerB --scope s', ['subtree']],
  ['doublehop drift policy.yaml --format j', ['json', 'junit']],
  ['doublehop completion z', ['zsh']],
  ['doublehop help kl', ['klist']],
  ['doublehop klist p', ['purge']],
  ['doublehop lab clo', ['clock']],
  ['doublehop grant --tar', ['--target']],
  ['doublehop grant --middle gr', []],
  ['doublehop show S', []],
];

/** Some of them, for shells that take long to ask. */
const FEW = LINES.filter((_, at) => at % 2 === 0);

/** Lines of output below each `== line`. */
function byLine(output: string): ReadonlyMap<string, readonly string[]> {
  const parts = output.split(/^== /mu).slice(1);
  return new Map(
    parts.map((part) => {
      const [line = '', ...found] = part.split('\n');
      return [line, found.filter((word) => word !== '').toSorted()];
    }),
  );
}

function expectLines(output: string, lines = LINES): void {
  const found = byLine(output);
  const wanted = new Map(lines.map(([line, words]) => [line, words.toSorted()]));
  expect(new Map([...wanted.keys()].map((line) => [line, found.get(line)]))).toEqual(wanted);
}

describe('bash', () => {
  /** Words as bash takes them apart; the last one is that which is completed. */
  const ASK = `source "$1"; shift
    for line in "$@"; do
      read -ra COMP_WORDS <<< "\${line//=/ = }"
      [[ $line == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      __doublehop
      printf '== %s\\n' "$line"
      printf '%s\\n' "\${COMPREPLY[@]}"
    done`;
  const bash = async (...lines: readonly string[]): Promise<string> =>
    await runOrThrow('bash', ['--norc', '-c', ASK, 'bash', 'doublehop.bash', ...lines], {
      cwd: dir,
    });

  test('commands, options, their values, and nothing where it knows nothing', async () => {
    expectLines(await bash(...LINES.map(([line]) => line)));
  });

  test('files and folders, where they stand', async () => {
    const files = ['doublehop plan policies/o', 'doublehop grant --keytab policies/t'];
    const all = [...files, 'doublehop dc --dir pol', 'doublehop run policies/one.yaml policies/t'];
    expect([...byLine(await bash(...all)).values()]).toEqual([
      ['policies/one.yaml'],
      ['policies/two.yaml'],
      ['policies'],
      ['policies/two.yaml'],
    ]);
  });

  test('--option=value, and short options', async () => {
    const found = byLine(await bash('doublehop grant --mechanism=GSS-', 'doublehop kinit -t pol'));
    expect([...found.values()]).toEqual([['GSS-SPNEGO'], ['policies']]);
  });

  test('is registered', async () => {
    const script = 'source doublehop.bash; complete -p doublehop';
    expect(await runOrThrow('bash', ['--norc', '-c', script], { cwd: dir })).toBe(
      'complete -F __doublehop doublehop\n',
    );
  });
});

test('zsh', { timeout: 60_000 }, async (context) => {
  requirePeers(context, 'zsh');
  const script = join(repositoryRoot, 'test/support/zsh-completions.zsh');
  const files = ['doublehop plan policies/o', 'doublehop grant --mechanism=GSS-'];
  const lines = [...FEW.map(([line]) => line), ...files];
  const output = await runOrThrow('/usr/bin/zsh', ['-f', script, 'doublehop.zsh', ...lines], {
    cwd: dir,
  });
  expectLines(output, FEW);
  expect(files.map((line) => byLine(output).get(line))).toEqual([['one.yaml'], ['GSS-SPNEGO']]);
});

test('fish', async (context) => {
  requirePeers(context, 'fish');
  const files = ['doublehop plan policies/o', 'doublehop grant --mechanism=GSS-'];
  const ask = 'source doublehop.fish; for line in $argv; echo "== $line"; complete -C "$line"; end';
  const lines = [...LINES.map(([line]) => line), ...files];
  const output = await runOrThrow('/usr/bin/fish', ['--no-config', '-c', ask, ...lines], {
    cwd: dir,
    env: { HOME: dir },
  });
  // Behind a tab stands what a word means.
  const bare = output.replace(/\t.*$/gmu, '');
  expectLines(bare);
  expect(files.map((line) => byLine(bare).get(line))).toEqual([
    ['policies/one.yaml'],
    ['--mechanism=GSS-SPNEGO'],
  ]);
});

describe('PowerShell', () => {
  /** The completer's block for one line, in the part of the language that our own console has. */
  function blockFor(script: string, line: string): string {
    const [, body = ''] = /-ScriptBlock \{\n([^]*)\}\n$/u.exec(script) ?? [];
    const all = line.split(' ').slice(1);
    const [last = ''] = all.splice(-1);
    const words = all.map((word) => `'${word}'`).join(', ');
    return body
      .replace(/param\(.*\)/u, `$wordToComplete = '${last}'`)
      .replace(/\$words = @\([^]*?ToString\(\) \}\)/u, `$words = @(${words})`)
      .replace(/\[System\.Management[^]*?\$tip\)/u, '$choice');
  }

  test('finds the same, as far as our own interpreter runs it', async () => {
    const { stdout } = await call(['completion', 'powershell']);
    const found: [string, readonly string[]][] = [];
    for (const [line] of FEW) {
      found.push([line, (await textsOf(blockFor(stdout, line))).toSorted()]);
    }
    expect(found).toEqual(FEW.map(([line, words]) => [line, words.toSorted()]));
  });
});

test('every command and option is in every script', async () => {
  const nodes = allNodes(await completionTree(contextOf({}, { out: () => {}, err: () => {} })));
  expect(nodes.length).toBeGreaterThan(30);
  for (const shell of SHELLS) {
    const { stdout } = await call(['completion', shell]);
    for (const { path, options } of nodes) {
      expect(stdout).toContain(path.at(-1) ?? '');
      for (const flag of options.flatMap(({ flags }) => flags)) {
        const fish = flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`;
        expect(stdout).toContain(shell === 'fish' ? fish : flag);
      }
    }
  }
});

test('what is no shell is told, with those there are', async () => {
  const { status, stderr } = await call(['completion', 'tcsh']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/Allowed choices are bash, zsh, fish, powershell/u);
});
