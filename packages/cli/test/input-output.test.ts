import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileCache } from '@doublehop/kerberos/ccache/file';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { writeKeytab } from '@doublehop/kerberos/keytab-file';
import { KerberosError } from '@doublehop/kerberos/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureOf, oneLine, UsageError } from '../src/errors.ts';
import { confirm } from '../src/input/confirm.ts';
import { passwordReader, readPassword } from '../src/input/secret.ts';
import { explainRefusal } from '../src/kerberos/refusal.ts';
import { describe as describeProgress, startProgress } from '../src/output/progress.ts';
import { renderTable } from '../src/output/table.ts';
import { formatTime } from '../src/output/time.ts';
import { call, contextOf, type World } from './support/call.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'doublehop-cli-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function world(given: World) {
  const shown: string[] = [];
  const context = contextOf(given, { out: () => undefined, err: (text) => shown.push(text) });
  return { context, shown: () => shown.join('') };
}

describe('passwords', () => {
  test('from standard input: the first line', async () => {
    const { context, shown } = world({ input: 'Passw0rd.alice\r\nmore' });
    expect(await readPassword(context, 'Password')).toBe('Passw0rd.alice');
    expect(shown()).toBe('');
  });

  test('from a file, or from standard input by name', async () => {
    const file = join(dir, 'password');
    writeFileSync(file, 'päss wörd\n');
    expect(await readPassword(world({}).context, 'Password', file)).toBe('päss wörd');
    expect(await readPassword(world({ input: 'x\n' }).context, 'Password', '-')).toBe('x');
  });

  test('from a terminal that shows nothing of it, with backspace and Ctrl-U', async () => {
    const { context, shown } = world({ input: 'wrong\u0015sesame!\u007F\r', terminal: true });
    expect(await readPassword(context, 'Password for alice')).toBe('sesame');
    expect(shown()).toBe('Password for alice: \n');
  });

  test('Ctrl-C, nothing, and far too much', async () => {
    const interrupted = world({ input: 'abc\u0003', terminal: true });
    await expect(readPassword(interrupted.context, 'Password')).rejects.toThrow('interrupted');
    await expect(readPassword(world({}).context, 'Password')).rejects.toThrow('is empty');
    const long = world({ input: 'x'.repeat(10_000) });
    await expect(readPassword(long.context, 'Password')).rejects.toThrow('too long');
  });
});

describe('several passwords', () => {
  test('standard input has them line by line, beside those of files', async () => {
    const file = join(dir, 'second');
    writeFileSync(file, 'from a file\n');
    const ask = passwordReader(world({ input: 'one\r\ntwo' }).context);
    expect(await ask('Old')).toBe('one');
    expect(await ask('Other', file)).toBe('from a file');
    expect(await ask('New', '-')).toBe('two');
    await expect(ask('Again')).rejects.toThrow('standard input ends before: Again');
  });

  test('a terminal is asked for each', async () => {
    const { context, shown } = world({ input: 'one\r', terminal: true });
    const ask = passwordReader(context);
    expect(await ask('Old')).toBe('one');
    context.input.stream.push('two\r');
    expect(await ask('New')).toBe('two');
    expect(shown()).toBe('Old: \nNew: \n');
  });

  test('far too much is refused', async () => {
    const ask = passwordReader(world({ input: 'x'.repeat(100_000) }).context);
    await expect(ask('Old')).rejects.toThrow('too long');
  });
});

describe('confirmation', () => {
  test.for([
    ['y\n', true],
    ['Yes\n', true],
    ['\n', false],
    ['no\n', false],
    ['yesterday\n', false],
  ] as const)('%j', async ([input, expected]) => {
    const { context, shown } = world({ input, terminal: true });
    expect(await confirm(context, 'Write 2 targets?')).toBe(expected);
    expect(shown()).toContain('Write 2 targets? [y/N] ');
  });

  test('where nobody can be asked, --yes is demanded', async () => {
    await expect(confirm(world({ input: 'y\n' }).context, 'Write 2?')).rejects.toThrow('--yes');
  });
});

describe('output', () => {
  test('a table: aligned by characters, control characters shown as ?', () => {
    const rows = [
      ['SERVERC$', 'a'],
      ['MÜLLER$', 'b\u001B[31m'],
    ];
    expect(renderTable(['TARGET', 'WHO'], rows)).toBe(
      'TARGET    WHO\nSERVERC$  a\nMÜLLER$   b?[31m\n',
    );
  });

  test('progress: on a terminal only, with rate and time left', () => {
    const silent = world({});
    startProgress(silent.context, 'targets', 10).update(10);
    expect(silent.shown()).toBe('');
    const shown = world({ terminal: true });
    const progress = startProgress(shown.context, 'targets', 10);
    progress.update(10);
    progress.end();
    expect(shown.shown()).toContain('10/10 targets');
    const state = { done: 120, total: 5_000, elapsed: 1_000 };
    expect(describeProgress('targets', state)).toBe('120/5000 targets, 120/s, 41 s left');
    const early = { ...state, elapsed: 999 };
    expect(describeProgress('targets', early)).toBe('120/5000 targets');
    const slow = { done: 10, total: 5_000, elapsed: 10_000 };
    expect(describeProgress('targets', slow)).toBe('10/5000 targets, 1.0/s, 84 min left');
    expect(describeProgress('computers found', { ...state, total: undefined })).toBe(
      '120 computers found, 120/s',
    );
  });

  test('errors are told by their class, on one line; others are defects', () => {
    expect(failureOf(new UsageError('a\n  b'))).toEqual({
      message: 'a b',
      code: 'usage',
      exitCode: 1,
    });
    const refused = new KerberosError('krb-error', 'no', { errorCode: 13 });
    expect(failureOf(refused)).toMatchObject({ code: 'krb-error', exitCode: 2 });
    expect(failureOf(new KerberosError('password', 'wrong'))).toMatchObject({ exitCode: 1 });
    expect(failureOf(new TypeError('x is undefined'))).toBeUndefined();
    expect(failureOf('text')).toBeUndefined();
    expect(oneLine('a\u001Bb\u0000')).toBe('a?b?');
  });
});

describe('explainRefusal (MS-SFU 3.2.5.2)', () => {
  const refusal = (detail: ConstructorParameters<typeof KerberosError>[2]) =>
    explainRefusal(new KerberosError('krb-error', 'refused', detail));

  test('by the word of our KDC', () => {
    expect(refusal({ errorCode: 13, errorText: 'rbcd-denied', ntStatus: 0xc0000225 })).toEqual({
      error: 'KDC_ERR_BADOPTION',
      status: 'STATUS_NOT_FOUND (0xC0000225): the object was not found',
      reason: 'rbcd-denied',
      meaning: expect.stringContaining('denies this middle'),
      fix: expect.stringContaining('remove the deny entry'),
    });
  });

  test("by the status of another make's", () => {
    expect(refusal({ errorCode: 13, ntStatus: 0xc0000225 })).toMatchObject({
      meaning: expect.stringContaining('does not list the middle'),
      fix: expect.stringContaining('klist purge -li 0x3e7'),
    });
    expect(refusal({ errorCode: 13, ntStatus: 0xdeadbeef })).toEqual({
      error: 'KDC_ERR_BADOPTION',
      status: '0xDEADBEEF',
    });
  });

  test('without either, and without a KDC', () => {
    expect(refusal({ errorCode: 13, errorText: 'constructor' })).toEqual({
      error: 'KDC_ERR_BADOPTION',
    });
    expect(refusal({})).toBeUndefined();
  });
});

describe('klist and kdestroy on a cache', () => {
  const named = (text: string) => parsePrincipal(text, 'CONTOSO.COM');
  const start = 1_800_000_000;
  const env = () => ({ KRB5CCNAME: `FILE:${join(dir, 'cc')}` });

  async function fill(): Promise<void> {
    const cache = fileCache(join(dir, 'cc'));
    const owner = named('alice');
    await cache.initialize(owner);
    for (const [client, server, flags] of [
      [owner, 'krbtgt/CONTOSO.COM', TicketFlag.FORWARDABLE | TicketFlag.INITIAL],
      [owner, 'HTTP/serverb', TicketFlag.FORWARDABLE],
      [named('bob'), 'cifs/serverc', 0],
    ] as const) {
      await cache.store({
        client,
        server: named(server),
        key: { etype: 18, bytes: new Uint8Array(32) },
        times: { authtime: start, starttime: 0, endtime: start + 3600, renewTill: start + 7200 },
        isSkey: false,
        flags,
        addresses: [],
        authorizationData: [],
        ticket: new Uint8Array([1, 2, 3]),
        secondTicket: new Uint8Array(0),
      });
    }
  }

  test('in the form of MIT', async () => {
    await fill();
    const from = formatTime(start);
    const until = formatTime(start + 3600);
    const renew = formatTime(start + 7200);
    const { status, stdout } = await call(['klist', '-f', '-e'], { env: env() });
    expect(status).toBe(0);
    expect(stdout.split('\n').slice(0, 7)).toEqual([
      `Ticket cache: FILE:${join(dir, 'cc')}`,
      'Default principal: alice@CONTOSO.COM',
      '',
      'Valid starting       Expires              Service principal',
      `${from}  ${until}  krbtgt/CONTOSO.COM@CONTOSO.COM`,
      `\trenew until ${renew}, Flags: FI`,
      '\tEtype (skey, tkt): aes256-cts-hmac-sha1-96, unreadable',
    ]);
    expect(stdout).toContain('\n\tfor client bob@CONTOSO.COM\n');
  });

  test('as JSON', async () => {
    await fill();
    const { stdout } = await call(['klist', '--json'], { env: env() });
    expect(JSON.parse(stdout)).toMatchObject({
      principal: 'alice@CONTOSO.COM',
      tickets: [
        { server: 'krbtgt/CONTOSO.COM@CONTOSO.COM', flags: ['FORWARDABLE', 'INITIAL'] },
        {},
        {},
      ],
    });
  });

  test('-s tells by its exit code whether there is a good ticket', async () => {
    await fill();
    const now = (start + 60) * 1000;
    expect(await call(['klist', '-s'], { env: env(), now })).toMatchObject({ status: 0 });
    const late = (start + 3601) * 1000;
    expect(await call(['klist', '-s'], { env: env(), now: late })).toMatchObject({ status: 1 });
  });

  test('purge keeps the TGT; kdestroy keeps nothing', async () => {
    await fill();
    const purged = await call(['klist', 'purge', '--json'], { env: env() });
    expect(JSON.parse(purged.stdout)).toMatchObject({ removed: 2 });
    expect((await call(['klist'], { env: env() })).stdout).toContain('krbtgt/');
    expect(await call(['kdestroy'], { env: env() })).toMatchObject({ status: 0, stderr: '' });
    expect(await call(['kdestroy'], { env: env() })).toMatchObject({ status: 1 });
    expect(await call(['kdestroy', '-q'], { env: env() })).toMatchObject({ status: 0 });
    expect(() => statSync(join(dir, 'cc'))).toThrow(/ENOENT/);
  });

  test('the keys of a keytab, without the keys', async () => {
    const name = join(dir, 'b.keytab');
    const key = { etype: 18, bytes: new Uint8Array(32).fill(0xab) };
    await writeKeytab(name, [{ principal: named('SERVERB$'), timestamp: start, kvno: 3, key }]);
    const { stdout } = await call(['klist', '-k', '-e', '-t', name]);
    expect(stdout.split('\n').at(-2)).toBe(
      `   3 ${formatTime(start)} SERVERB$@CONTOSO.COM (aes256-cts-hmac-sha1-96)`,
    );
    const json = await call(['klist', '-k', '--json', name]);
    expect(JSON.parse(json.stdout)).toMatchObject({ keys: [{ kvno: 3, etype: 18 }] });
    expect(stdout + json.stdout).not.toMatch(/abab/i);
    expect(readFileSync(name)).toContain(0xab);
  });
});

test('the terminal shows nothing any more before the prompt is there', async () => {
  const order: string[] = [];
  const { context } = world({ input: 'x\r', terminal: true });
  const input = { ...context.input, setRaw: (raw: boolean) => order.push(`raw ${raw}`) };
  const err = (text: string): unknown => order.push(text);
  await readPassword({ ...context, input, err }, 'Password');
  expect(order).toEqual(['raw true', 'Password: ', 'raw false', '\n']);
});
