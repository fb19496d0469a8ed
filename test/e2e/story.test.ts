import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../support/temp.ts';
import { run } from '../support/run.ts';

const COMMAND = `${repositoryRoot}/packages/cli/bin/doublehop.js`;

describe('the story', () => {
  test('plays with --once, each step as told, and leaves nothing behind', async () => {
    const { status, stdout, stderr } = await run(process.execPath, [
      COMMAND,
      'lab',
      'run',
      '--once',
      '--json',
    ]);
    const lines = stdout.trim().split('\n');
    const steps: readonly Record<string, unknown>[] = lines.map((line) => JSON.parse(line));
    expect(steps.filter(({ ok }) => ok !== true)).toEqual([]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const came = steps.map((step) => String(step['came']));
    expect(came[0]).toBe('ServerB saw CONTOSO\\alice');
    expect(came[1]).toMatch(/KDC_ERR_BADOPTION \(13\).*STATUS_NOT_FOUND/);
    expect(came[3]).toMatch(/negative S4U cache/);
    expect(came[4]).toMatch(/^ServerC saw CONTOSO\\alice, through .*SERVERB\$.*, by RBCD$/);
    expect(came[6]).toMatch(/^5 of 5 servers changed/);
    expect(came[7]).toMatch(/STATUS_NOT_FOUND/);
    expect(steps[2]?.['shown']).toContain('ActiveDirectoryRights : GenericAll');
    expect(steps[2]?.['shown']).toContain('IdentityReference     : CONTOSO\\SERVERB$');
  });
});
