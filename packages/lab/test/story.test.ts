import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHop, readWhoAmI } from '@doublehop/lab/story/answers';
import { lastDelegationMode } from '@doublehop/lab/story/audit-trail';
import { toldJson, toldLines } from '@doublehop/lab/story/told';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const STEP = { title: 'T', asked: 'a', came: 'c', why: 'w', shown: ['one'], ok: true };

describe('telling', () => {
  test('a step in lines, and one that did not behave stands out', () => {
    expect(toldLines(STEP, 3)).toEqual([
      ' 3. T',
      '    asked   a',
      '    came    c',
      '    why     w',
      '            one',
    ]);
    expect(toldLines({ ...STEP, ok: false }, 3)[0]).toMatch(/NOT AS TOLD/);
    expect(JSON.parse(toldJson(STEP, 3))).toEqual({ step: 3, ...STEP });
  });
});

describe('what hosts answer', () => {
  test('whom they see', () => {
    const seen = { host: 'ServerC', user: 'CONTOSO\\alice', via: ['HTTP/serverb@CONTOSO.COM'] };
    expect(readWhoAmI({ ...seen, groups: [] })).toEqual(seen);
    expect(readWhoAmI('nonsense')).toEqual({ host: '', user: '', via: [] });
    expect(readHop({ middle: 'ServerB', saw: seen })).toEqual({ reached: true, saw: seen });
  });

  test('why they could not', () => {
    const refused = {
      error: 'KDC_ERR_BADOPTION',
      ntstatus: 'STATUS_NOT_FOUND',
      words: 'w',
      until: '',
    };
    const { until: _until, ...said } = refused;
    expect(readHop(said)).toEqual({ reached: false, refused });
    const negativeUntil = '2026-01-01T00:00:00.000Z';
    expect(readHop({ ...said, negativeUntil })).toMatchObject({
      refused: { until: negativeUntil },
    });
  });
});

describe('the audit log', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'doublehop-audit-'));
  });
  afterAll(async () => rm(dir, { recursive: true }));

  const event = (mode: string, exchange = 's4u2proxy') =>
    `${JSON.stringify({ EventID: 4769, Exchange: exchange, DelegationMode: mode })}\n`;

  test('tells which permission let the last hop pass', async () => {
    const path = join(dir, 'audit.jsonl');
    await writeFile(path, event('kcd') + event('rbcd') + event('-', 'tgs'));
    expect(await lastDelegationMode(path)).toBe('rbcd');
  });

  test('of a long log, the end counts', async () => {
    const path = join(dir, 'long.jsonl');
    await writeFile(path, event('-', 'as').repeat(3000) + event('kcd'));
    expect(await lastDelegationMode(path)).toBe('kcd');
  });
});
