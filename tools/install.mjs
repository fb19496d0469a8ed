// Installs the npm packages of the lock file where they are missing or older than it.
// Plain JavaScript for any Node: it runs before the project's own Node is there.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const installed = new URL('node_modules/.package-lock.json', root);
const wanted = new URL('package-lock.json', root);

const current = existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs;
if (!current) {
  process.stderr.write('installing npm packages (once) …\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: fileURLToPath(root),
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (status !== 0) {
    process.stderr.write('doublehop: npm ci failed; see the lines above\n');
    process.exit(1);
  }
}
