import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startGuarded, whenReady } from './guarded.ts';
import { hostsFile, withHosts } from './hosts.ts';
import { requireRoot } from './peers.ts';
import { freePort, loopbackAddress, waitForPort } from './ports.ts';
import { run, runOrThrow } from './run.ts';
import { withTempDir } from './temp.ts';

describe('run', () => {
  test('output, input, environment and exit code', async () => {
    const script = 'cat; echo "$WORD" >&2; exit 3';
    const outcome = await run('sh', ['-c', script], { input: 'in', env: { WORD: 'word' } });
    expect(outcome).toEqual({ stdout: 'in', stderr: 'word\n', status: 3 });
  });

  test('a command that is not there, or hangs with a child that holds its output', async () => {
    expect((await run('no-such-command', [])).status).toBe(127);
    const hanging = await run('sh', ['-c', 'echo begun; sleep 5 & sleep 5'], { timeout: 100 });
    expect(hanging).toMatchObject({ stdout: 'begun\n', status: 124 });
  });

  test('runOrThrow tells what was printed', async () => {
    await expect(runOrThrow('sh', ['-c', 'echo why; exit 1'])).rejects.toThrow(/exit code 1\nwhy/u);
  });
});

describe('a guarded server', () => {
  // The server and a child of it, which writes its process id down.
  const server = ['-c', 'sleep 60 & echo $! > child; wait'];

  test('stop() ends it and its children', () =>
    withTempDir(async (dir) => {
      const guarded = await startGuarded('sh', server, join(dir, 'log'), { cwd: dir });
      const child = await written(join(dir, 'child'));
      expect([isAlive(guarded.pid), isAlive(child), guarded.running()]).toEqual([true, true, true]);
      await guarded.stop();
      expect([isAlive(guarded.pid), guarded.running()]).toEqual([false, false]);
      // Nobody is told of the end of a child that its parent leaves behind.
      await expect.poll(() => isAlive(child), { timeout: 5000 }).toBe(false);
    }));

  test('it does not outlive a test process that is killed', () =>
    withTempDir(async (dir) => {
      const module = JSON.stringify(import.meta.resolve('./guarded.ts'));
      const program = `import { startGuarded } from ${module};
        const { pid } = await startGuarded('sh', ${JSON.stringify(server)}, 'log');
        console.log(pid);`;
      writeFileSync(join(dir, 'program.ts'), program);
      const parent = spawn(process.execPath, ['program.ts'], { cwd: dir });
      const [line]: unknown[] = await once(parent.stdout, 'data');
      const pids = [Number(String(line)), await written(join(dir, 'child'))];
      expect(pids.map(isAlive)).toEqual([true, true]);
      parent.kill('SIGKILL');
      await expect.poll(() => pids.map(isAlive), { timeout: 5000 }).toEqual([false, false]);
    }));

  test('one that does not come up is told with its log', () =>
    withTempDir(async (dir) => {
      const guarded = await startGuarded('sh', ['-c', 'echo no luck; exit 1'], join(dir, 'log'));
      const never = waitForPort(await freePort(), '127.0.0.1', 200);
      await expect(whenReady(guarded, () => never)).rejects.toThrow(/did not come up:\nno luck/u);
    }));
});

describe('addresses and names', () => {
  test('a free port accepts connections once somebody listens', async () => {
    const address = loopbackAddress();
    const port = await freePort(address);
    await expect(waitForPort(port, address, 50)).rejects.toThrow(/nothing listens/u);
    const listener = createServer().listen(port, address);
    await waitForPort(port, address);
    listener.close();
  });

  test('a hosts file for one command alone', (ctx) => {
    requireRoot(ctx);
    return withTempDir(async (dir) => {
      const path = join(dir, 'hosts');
      writeFileSync(path, hostsFile({ '127.9.8.7': ['dc.example.test', 'dc'] }));
      const inside = await withHosts(path, 'getent', ['hosts', 'dc.example.test']);
      expect(inside.stdout).toMatch(/^127\.9\.8\.7\s+dc\.example\.test dc\n$/u);
      expect(readFileSync('/etc/hosts', 'utf8')).not.toContain('dc.example.test');
    });
  });
});

async function written(path: string): Promise<number> {
  while (!existsSync(path) || readFileSync(path, 'utf8') === '') {
    await sleep(5);
  }
  return Number(readFileSync(path, 'utf8'));
}

/** A process that has ended but that nobody has waited for does not count. */
function isAlive(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /u.test(readFileSync(stat, 'utf8'));
}
