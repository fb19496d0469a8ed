#!/usr/bin/env node
// Starts the command: from its TypeScript sources in a checkout, from dist where it was published.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `doublehop: Node.js ${process.versions.node} is too old: 22.18 or newer is needed\n`,
  );
  process.exit(1);
}

const source = new URL('../src/main.ts', import.meta.url);
const built = new URL('../dist/main.js', import.meta.url);
nodeModule.enableCompileCache();
if (existsSync(source)) {
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, {
        ...context,
        conditions: ['@doublehop/source', ...context.conditions],
      }),
  });
}
const { main } = await import(existsSync(source) ? source.href : built.href);
await main(process.argv.slice(2));
