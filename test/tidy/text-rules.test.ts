import { describe, expect, test } from 'vitest';
import { textRules, violations } from './text-rules.ts';
import { isText, projectFiles, textOf } from './work-tree.ts';

const files = projectFiles();
const texts = new Map(files.filter(isText).map((path) => [path, textOf(path)]));

describe.for(textRules)('$rule', (rule) => {
  test('every file keeps it', () => {
    const found = [...texts].flatMap(([path, text]) => violations(rule, path, text));
    expect(found).toEqual([]);
  });

  test('it catches what it is for, and nothing else', () => {
    const paths = ['packages/example/src/example.ts', 'packages/example/test/example.test.ts'];
    const path = paths.find((example) => rule.appliesTo(example)) ?? '';
    const lines = (samples: readonly string[]): string[] =>
      samples.filter((sample) => violations(rule, path, `\n${sample}\n`).length > 0);
    expect(lines(rule.breaks)).toEqual(rule.breaks);
    expect(lines(rule.keeps)).toEqual([]);
  });

  test('whoever is let off still exists', () => {
    expect(Object.keys(rule.except ?? {}).filter((path) => !files.includes(path))).toEqual([]);
  });
});
