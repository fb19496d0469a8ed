import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { S4U2ProxyFacts } from '../src/facts.ts';
import { addGrant } from '../src/grants.ts';
import { renderS4U2Proxy } from '../src/render.ts';
import { decideS4U2Proxy } from '../src/s4u2proxy.ts';
import { proxyFacts, serverB } from './scene.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the example of the README', () => {
  const facts: S4U2ProxyFacts = proxyFacts();

  test('refuses with the sentence that it shows', () => {
    const refused = decideS4U2Proxy(facts);
    const { sentence, refusal } = renderS4U2Proxy(refused, facts);
    expect(readme).toContain(`// ${sentence}\n`);
    expect(readme).toContain(`${refusal?.error}, ${refusal?.code}, ${refusal?.status}\n`);
  });

  test('allows with the mode that it shows', () => {
    const { descriptor } = addGrant(undefined, serverB);
    const decision = decideS4U2Proxy({ ...facts, target: { ...facts.target, descriptor } });
    expect(readme).toContain(`// allowed, mode '${decision.allowed ? decision.mode : ''}'\n`);
  });

  test('mentions every part of the facts and no other', () => {
    for (const [part, fields] of Object.entries(facts)) {
      if (part === 'settings') continue;
      for (const field of Object.keys(fields)) expect(readme).toMatch(new RegExp(`\\b${field}:`));
    }
  });
});
