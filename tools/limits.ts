// Writes docs/limits.md out of the limits.ts of every package: `node tools/limits.ts`.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const HEAD = `# Limits

Whatever a peer can make large, long or deep has a named limit, in one file of each package. A
decoder that meets one throws its layer's error; a server drops the peer, or answers what the
protocol has for it. This page is made of those files by \`node tools/limits.ts\`.
`;

interface Limit {
  readonly name: string;
  readonly value: number;
  readonly what: string;
}

/** The text of docs/limits.md for the sources as they are. */
export async function limitsPage(): Promise<string> {
  const packages = join(root, 'packages');
  const sections: string[] = [HEAD];
  for (const name of readdirSync(packages).toSorted()) {
    const path = join(packages, name, 'src', 'limits.ts');
    if (!existsSync(path)) continue;
    const limits = await limitsOf(path);
    const rows = limits.map((limit) => `| \`${limit.name}\` | ${number(limit)} | ${limit.what} |`);
    const table = ['| limit | value | what it bounds |', '| --- | ---: | --- |', ...rows];
    sections.push(`## ${name}\n\n\`packages/${name}/src/limits.ts\`\n\n${table.join('\n')}\n`);
  }
  return sections.join('\n');
}

/** A comment, and the lines that it stands for, up to the next empty line. */
const DOCUMENTED =
  /\/\*\*(?<comment>(?:(?!\*\/)[^])*)\*\/\n(?<lines>(?:[^\n]+\n)+?)(?=\n|\s*\/\*\*|\}|$)/gu;
const NAME = /^(?:export const|\s+readonly) (?<name>\w+)(?=:| =)/gmu;

async function limitsOf(path: string): Promise<Limit[]> {
  const loaded: unknown = await import(pathToFileURL(path).href);
  const values = numbersIn(loaded);
  const limits: Limit[] = [];
  for (const { groups } of readFileSync(path, 'utf8').matchAll(DOCUMENTED)) {
    const what = (groups?.['comment'] ?? '').replaceAll(/\s*\n\s*\* ?|\s+/gu, ' ').trim();
    for (const match of (groups?.['lines'] ?? '').matchAll(NAME)) {
      const name = match.groups?.['name'] ?? '';
      const value = values.get(name);
      if (value !== undefined) limits.push({ name, value, what: what.replaceAll('|', '\\|') });
    }
  }
  const missing = [...values.keys()].filter((name) => !limits.some((one) => one.name === name));
  if (missing.length > 0) throw new Error(`${path}: no comment for ${missing.join(', ')}`);
  return limits;
}

/** Constants of a module that are numbers, and the numbers of those that are objects. */
function numbersIn(module: unknown): Map<string, number> {
  const found = new Map<string, number>();
  for (const [name, value] of Object.entries(module ?? {})) {
    if (typeof value === 'number') found.set(name, value);
    else for (const [inner, nested] of numbersIn(value)) found.set(inner, nested);
  }
  return found;
}

function number({ value }: Limit): string {
  return value.toLocaleString('en').replaceAll(',', ' ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, 'docs', 'limits.md'), await limitsPage());
}
