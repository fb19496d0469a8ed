// The real command in a process of its own, with nothing of this one's environment.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../packages/cli/bin/doublehop.js', import.meta.url));

/** Runs it with a home of its own, and nobody at its standard input. */
export function doublehopIn(
  home: string,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home };
    const command = ['--conditions=@doublehop/source', program, ...args];
    const options = { env, timeout: 120_000 };
    const child = execFile(process.execPath, command, options, (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
    child.stdin?.end();
  });
}
