// MIT's command line clients, as somebody with a credential cache of their own.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientEnv, type Peer } from '../peers/peer.ts';
import { type Outcome, run, type RunOptions } from './run.ts';

/** A shell of somebody who uses a realm. */
export interface MitShell {
  /** Path of the credential cache. */
  readonly ccache: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: (
    command: string,
    args: readonly string[],
    options?: RunOptions,
  ) => Promise<Outcome>;
  /** What MIT's library tells of a command that it did (KRB5_TRACE). */
  readonly traced: (command: string, ...args: readonly string[]) => Promise<string>;
}

/** A shell at `peer`; `libdefaults` come into a krb5.conf of its own. */
export function mitShell(peer: Peer, ...libdefaults: readonly string[]): MitShell {
  const dir = join(peer.dir, `shell-${randomUUID()}`);
  mkdirSync(dir, { recursive: true });
  const config = { realm: peer.realm, kdc: `${peer.address}:${peer.port}`, libdefaults };
  const env = clientEnv(dir, config);
  const shell: MitShell['run'] = (command, args, options = {}) =>
    run(command, args, { ...options, env: { ...env, ...options.env } });
  return {
    ccache: join(dir, 'ccache'),
    env,
    run: shell,
    traced: async (command, ...args) => {
      const trace = join(dir, 'trace');
      await shell(command, args, { env: { KRB5_TRACE: trace } });
      return readFileSync(trace, 'utf8');
    },
  };
}
