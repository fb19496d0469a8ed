import { readFileSync } from 'node:fs';
import { PowerShellError } from '@doublehop/powershell/errors';
import { parseScript } from '@doublehop/powershell/language/parse';
import { methodNames } from '@doublehop/powershell/language/method-names';
import { describe, expect, test } from 'vitest';

const page = readFileSync(new URL('../../../docs/console-language.md', import.meta.url), 'utf8');

function blocks(language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(?<text>[^]*?)^\`\`\``, 'gmu');
  return [...page.matchAll(fence)].map(({ groups }) => groups?.['text'] ?? '');
}

describe('docs/console-language.md', () => {
  test('its examples are read', () => {
    const examples = blocks('powershell');
    expect(examples.length).toBeGreaterThan(4);
    for (const example of examples) expect(parseScript(example).body.statements).not.toEqual([]);
  });

  test('what it says is not supported is refused as that', () => {
    const examples = blocks('powershell-refused').flatMap((text) => text.split('---\n'));
    expect(examples.length).toBeGreaterThan(8);
    for (const example of examples) {
      expect(() => parseScript(example), example).toThrow(PowerShellError);
      expect(() => parseScript(example), example).toThrow('not supported');
    }
  });

  test('it names every method', () => {
    const words = new Set(page.toLowerCase().match(/[a-z]+/gu));
    const missing = [...methodNames].filter((name) => !words.has(name.replace('invariant', '')));
    expect(missing).toEqual([]);
  });
});
