// `npm run peers`: installs the foreign software of the interop tests and says what is there.
import { installPeers } from '../support/packages.ts';

const missing = Object.entries(await installPeers());
for (const [name, reason] of missing) {
  process.stdout.write(`${name}: ${reason}\n`);
}
process.exitCode = missing.length === 0 ? 0 : 1;
