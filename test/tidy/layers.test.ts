import { describe, expect, test } from 'vitest';
import { below, floors, importFault, importsOf } from './layers.ts';
import { isTypeScript, projectFiles, textOf } from './work-tree.ts';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const files = projectFiles();
const packages = files.flatMap(
  (path) => /^packages\/([^/]+)\/package\.json$/u.exec(path)?.[1] ?? [],
);

function dependenciesOf(name: string): Set<string> {
  // npm's own schema; a wrong type would only make the rules below fail.
  const manifest = JSON.parse(textOf(`packages/${name}/package.json`)) as Manifest;
  return new Set(Object.keys(manifest.dependencies ?? {}));
}

describe.for(packages)('package %s', (name) => {
  const dependencies = dependenciesOf(name);

  test('it has a floor, and depends on lower floors only', () => {
    expect(Object.keys(floors)).toContain(name);
    const own = [...dependencies].filter((dependency) => dependency.startsWith('@doublehop/'));
    const lower = below(name);
    expect(own.filter((dependency) => !lower.has(dependency.slice('@doublehop/'.length)))).toEqual(
      [],
    );
  });

  test('its sources import its dependencies and its own files only', () => {
    const sources = files.filter((path) => path.startsWith(`packages/${name}/src/`));
    const faults = sources.filter(isTypeScript).flatMap((path) =>
      importsOf(textOf(path)).flatMap(({ specifier, line }) => {
        const fault = importFault(specifier, { path, package: name }, dependencies);
        return fault === undefined ? [] : [`${path}:${line}: ${fault}`];
      }),
    );
    expect(faults).toEqual([]);
  });
});

describe('the rules themselves', () => {
  test('a floor is never above itself', () => {
    expect(Object.keys(floors).filter((name) => below(name).has(name))).toEqual([]);
    expect(below('delegation')).toEqual(new Set(['security', 'wire', 'crypto']));
  });

  test('imports are found in every form', () => {
    const text = `import a from 'a';
import {
  b,
} from "b";
import type { C } from './c.ts';
export { d } from '@doublehop/d/e';
import 'side-effect';
const f = await import('f');
export type G = 'not' | 'a module';
export const text = 'from nowhere';
`;
    expect(importsOf(text).map(({ specifier, line }) => `${line} ${specifier}`)).toEqual([
      '1 a',
      '4 b',
      '5 ./c.ts',
      '6 @doublehop/d/e',
      '7 side-effect',
      '8 f',
    ]);
  });

  test.for([
    ['node:crypto', undefined],
    ['./b.ts', undefined],
    ['../b.ts', undefined],
    ['@doublehop/wire/der', undefined],
    ['./b', './b needs the extension .ts'],
    ['../../../wire/src/der.ts', '../../../wire/src/der.ts leaves packages/x/src'],
    ['@doublehop/ldap/url', '@doublehop/ldap is not a dependency in package.json'],
    ['@doublehop/x/b', '@doublehop/x/b is this package: import it by its relative path'],
    ['lodash/fp', 'lodash is not a dependency in package.json'],
  ] as const)('import of %s', ([specifier, fault]) => {
    const file = { path: 'packages/x/src/folder/a.ts', package: 'x' };
    expect(importFault(specifier, file, new Set(['@doublehop/wire']))).toBe(fault);
  });
});
