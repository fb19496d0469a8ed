// `npm run clean`: removes what `npm run build` made, nothing else.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const packages = fileURLToPath(new URL('../packages', import.meta.url));
for (const name of existsSync(packages) ? readdirSync(packages) : []) {
  const folder = join(packages, name);
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.tsbuildinfo'))) {
    rmSync(join(folder, file));
  }
}
