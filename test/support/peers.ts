// What interop tests say first: which foreign software they need.
import { inject, type TestContext } from 'vitest';
import type { PeerName } from './packages.ts';

/** Skips the test, with the reason, unless all of `names` are there. */
export function requirePeers(context: TestContext, ...names: readonly PeerName[]): void {
  const reason = whyMissing(...names);
  context.skip(reason !== undefined, reason);
}

/** Skips the test unless it runs as root (ports below 1024, mount namespaces). */
export function requireRoot(context: TestContext): void {
  context.skip(process.getuid?.() !== 0, 'needs root');
}

/** Why one of `names` cannot be used here, for hooks that start a peer for several tests. */
export function whyMissing(...names: readonly PeerName[]): string | undefined {
  const missing = inject('missingPeers');
  return names
    .filter((name) => missing[name] !== undefined)
    .map((name) => `${name} ${missing[name]}`)
    .at(0);
}
