import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LabError } from '../src/errors.ts';
import { type Daemon, startDaemon } from '../src/process/daemon.ts';
import { isReport } from '../src/process/handshake.ts';
import { endProcess, identify, isRunning, ownProcessId } from '../src/process/process-id.ts';

const source = (path: string): string => new URL(`../src/${path}`, import.meta.url).href;

let dir = '';
const started: Daemon[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'doublehop-process-'));
});

afterEach(async () => {
  for (const daemon of started.splice(0)) await daemon.stop();
  rmSync(dir, { recursive: true });
});

/** A process that follows the handshake; `open` is the body of what it opens. */
async function start(open: string, folder = dir): Promise<Daemon> {
  const program = join(dir, 'program.ts');
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs';
     const { serve } = await import(${JSON.stringify(source('process/handshake.ts'))});
     const { LabError } = await import(${JSON.stringify(source('errors.ts'))});
     const alive = setInterval(() => undefined, 1000);
     await serve(process.cwd(), async () => { ${open} }).finally(() => clearInterval(alive));`,
  );
  const command = [process.execPath, '--conditions=@doublehop/source', program];
  const daemon = await startDaemon({ name: 'dc', command, dir: folder, log: join(dir, 'log') });
  started.push(daemon);
  return daemon;
}

const SERVICE = `return {
  report: { port: 7 },
  async close() { writeFileSync('closed', 'yes'); },
};`;

describe('who a process is', () => {
  test('this process runs; its id with another start time is nobody', async () => {
    const own = await ownProcessId();
    expect(own.pid).toBe(process.pid);
    expect(await identify(process.pid)).toEqual(own);
    expect(await isRunning(own)).toBe(true);
    expect(await isRunning({ ...own, started: 'before' })).toBe(false);
    expect(await identify(2 ** 22 + 1)).toBeUndefined();
  });

  test('an id that was given to somebody else is left alone', async () => {
    const child = spawn('sleep', ['30']);
    const id = await identify(child.pid ?? 0);
    expect(id).toBeDefined();
    if (id === undefined) return;
    expect(await endProcess({ ...id, started: 'before' })).toBe('gone');
    expect(await isRunning(id)).toBe(true);
    expect(await endProcess(id)).toBe('ended');
    expect(await isRunning(id)).toBe(false);
  });
});

describe('a process of the lab', () => {
  test('begins when told, reports, stays when released, and closes at SIGTERM', async () => {
    const daemon = await start(`writeFileSync('begun', 'yes'); ${SERVICE}`);
    expect(existsSync(join(dir, 'begun'))).toBe(false);
    expect(await daemon.begin()).toEqual({ port: 7 });
    daemon.release();
    expect(await isRunning(daemon.id)).toBe(true);
    expect(await endProcess(daemon.id)).toBe('ended');
    expect(readFileSync(join(dir, 'closed'), 'utf8')).toBe('yes');
  });

  test('that fails to open tells why, with its code', async () => {
    const daemon = await start(`throw new LabError('address', 'port 88 is taken');`);
    const failed = daemon.begin();
    await expect(failed).rejects.toBeInstanceOf(LabError);
    await expect(failed).rejects.toMatchObject({ code: 'address', message: 'port 88 is taken' });
  });

  test('that dies is told of with the end of its log', async () => {
    const daemon = await start(`process.stdout.write('no luck\\n'); process.exit(3);`);
    const failed = daemon.begin();
    await expect(failed).rejects.toMatchObject({ code: 'start-failed' });
    await expect(failed).rejects.toThrow(/ended with exit code 3; see .*log\n {2}no luck/u);
  });

  test.for(['removed', 'replaced'])('closes when its folder is %s', async (how) => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'doublehop-process-'));
    const lab = join(elsewhere, 'lab');
    mkdirSync(lab);
    const closed = JSON.stringify(join(elsewhere, 'closed'));
    const daemon = await start(
      `return { report: 1, async close() { writeFileSync(${closed}, 'yes'); } };`,
      lab,
    );
    await daemon.begin();
    daemon.release();
    rmSync(lab, { recursive: true });
    if (how === 'replaced') mkdirSync(lab);
    await expect.poll(() => isRunning(daemon.id), { timeout: 5000 }).toBe(false);
    expect(readFileSync(join(elsewhere, 'closed'), 'utf8')).toBe('yes');
    rmSync(elsewhere, { recursive: true });
  });

  test('that does not close is killed', async () => {
    const daemon = await start(`return { report: 1, close: () => new Promise(() => undefined) };`);
    await daemon.begin();
    daemon.release();
    expect(await endProcess(daemon.id, 100)).toBe('killed');
  });

  test('a program that is not there', async () => {
    const command = [join(dir, 'nowhere')];
    const missing = startDaemon({ name: 'hosts', command, dir, log: join(dir, 'log') });
    await expect(missing).rejects.toThrow(/"hosts" cannot be started: .*ENOENT/u);
  });

  test.for(['before it began', 'before it was released'])(
    'ends with the command that started it, killed %s',
    async (when) => {
      const { id: unused } = await start(SERVICE);
      expect(await endProcess(unused)).toBe('ended');
      const begin = when === 'before it began' ? '' : 'await daemon.begin();';
      writeFileSync(
        join(dir, 'starter.ts'),
        `const { startDaemon } = await import(${JSON.stringify(source('process/daemon.ts'))});
         const command = [process.execPath, '--conditions=@doublehop/source', 'program.ts'];
         const daemon = await startDaemon({ name: 'dc', command, dir: process.cwd(), log: 'log' });
         ${begin}
         console.log(daemon.id.pid);`,
      );
      const starter = spawn(
        process.execPath,
        ['--conditions=@doublehop/source', fileURLToPath(new URL(`file://${dir}/starter.ts`))],
        { cwd: dir },
      );
      const [line]: unknown[] = await once(starter.stdout, 'data');
      const id = await identify(Number(String(line)));
      if (id === undefined) throw new Error('the process has ended before');
      starter.kill('SIGKILL');
      await expect.poll(() => isRunning(id), { timeout: 5000 }).toBe(false);
    },
  );

  test('only reports are taken for reports', () => {
    expect(isReport({ kind: 'ready', value: undefined })).toBe(true);
    expect(isReport({ kind: 'failed', code: 'address', message: 'no' })).toBe(true);
    for (const other of [undefined, 'ready', { kind: 'ready' }, { kind: 'failed' }, { kind: 1 }]) {
      expect(isReport(other)).toBe(false);
    }
  });
});
